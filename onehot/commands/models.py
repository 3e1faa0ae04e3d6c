"""`onehot models`: versions and labels, straight from the store; no service is needed."""

import getpass
import json
import os
import socket
from collections.abc import Mapping
from typing import Any

import click

from models.errors import CorruptVersion, ModelNotFound
from models.names import is_label_name
from models.store.manifest import Manifest
from models.store.promotions import move_label
from models.store.store import Store
from onehot.commands.options import json_option, settings_here
from onehot.failures import WorkFailed
from onehot.output import print_json, print_line, print_list, print_pairs

__all__ = ["models"]


@click.group()
def models() -> None:
    """List, show, label, verify and roll back what is in the store."""


@models.command("list")
@json_option
def list_models(as_json: bool) -> None:  # noqa: FBT001 -- click's flags
    """List every version of every model."""
    store = _store()
    rows = [row for model in store.models() for row in _version_rows(store, model)]
    headings = ("MODEL", "VERSION", "LABELS", "CREATED", "TEST METRICS")
    cells = [(r["model"], r["version"], " ".join(r["labels"]), r["created_at"], _metrics(r)) for r in rows]
    empty = f"No versions in {settings_here().store} yet: onehot train SPEC publishes one."
    print_list(rows, headings, cells, as_json=as_json, empty=empty)


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user often has no name
        return f"user {os.getuid()}"


@models.command()
@click.argument("model")
@click.argument("version", type=click.IntRange(1), required=False)
@json_option
def show(model: str, version: int | None, as_json: bool) -> None:  # noqa: FBT001
    """Show one version; without a number, the default one."""
    store = _store()
    manifest = store.manifest(model, store.resolve(model, version=version))
    if as_json:
        print_json(json.loads(manifest.to_json()))
    else:
        print_pairs(_pairs(store, manifest))


@models.command()
@click.argument("model")
@click.argument("label")
@click.argument("version", type=click.IntRange(1), required=False)
@click.option("--delete", is_flag=True, help="Take the label away.")
@click.option("--force", is_flag=True, help="Also onto a version whose gate does not hold.")
def label(model: str, label: str, version: int | None, delete: bool, force: bool) -> None:  # noqa: FBT001
    """Let LABEL name VERSION of MODEL."""
    if delete == (version is not None):
        raise click.UsageError("give a VERSION, or --delete")
    if not is_label_name(label):
        raise click.UsageError(f"LABEL: expected letters, digits and _, and not `latest`; received {label!r}")
    store = _store()
    store.resolve(model)
    if version is None:
        store.delete_label(model, label)
        print_line(f"{label} of {model} is gone")
    else:
        forced_by = f"{_user_name()}@{socket.gethostname()}" if force else None
        move_label(store, model, label, version, forced_by=forced_by)
        print_line(f"{label} of {model} is version {version}")


@models.command()
@click.argument("model")
@click.argument("version", type=click.IntRange(1), required=False)
@json_option
def verify(model: str, version: int | None, as_json: bool) -> None:  # noqa: FBT001
    """Read every file of a version, or of all versions, and check size and digest."""
    store = _store()
    numbers = [version] if version is not None else store.versions(model)
    if not numbers:
        raise ModelNotFound(model)
    found = [_verified(store, model, number) for number in numbers]
    if as_json:
        print_json(found)
    else:
        for one in found:
            print_line(f"{model} version {one['version']}: {one['error'] or 'every file is as it was published'}")
    broken = [str(one["version"]) for one in found if one["error"]]
    if broken:
        raise WorkFailed(f"not as published: version {', '.join(broken)} of {model}; train anew, or roll back")


@models.command()
@click.argument("model")
@click.option("--to", "target", type=click.IntRange(1), help="To this version; default: the one before.")
def rollback(model: str, target: int | None) -> None:
    """Move `stable` to an earlier version, which is checked first."""
    previous, version = _store().roll_back(model, to=target)
    print_line(f"stable of {model} is version {version}; it was {previous}")


def _store() -> Store:
    return Store.open(settings_here().store)


def _version_rows(store: Store, model: str) -> list[dict[str, Any]]:
    labels = store.labels(model)
    rows = []
    for version in store.versions(model):
        row = {"model": model, "version": version, "labels": _names_of(version, labels)}
        try:
            manifest = store.manifest(model, version)
            rows.append({**row, "created_at": manifest.created_at, "metrics": manifest.metrics, "error": None})
        except CorruptVersion as error:
            rows.append({**row, "created_at": None, "metrics": {}, "error": str(error)})
    return rows


def _names_of(version: int, labels: Mapping[str, int]) -> list[str]:
    return [name for name, labelled in labels.items() if labelled == version]


def _metrics(row: Mapping[str, Any]) -> str:
    return row["error"] or "  ".join(f"{name} {value:.4f}" for name, value in row["metrics"].items())


def _verified(store: Store, model: str, version: int) -> dict[str, Any]:
    try:
        store.verify(model, version)
    except CorruptVersion as error:
        return {"version": version, "error": str(error)}
    return {"version": version, "error": None}


def _pairs(store: Store, manifest: Manifest) -> dict[str, object]:
    return {
        "model": manifest.model,
        "version": manifest.version,
        "labels": " ".join(_names_of(manifest.version, store.labels(manifest.model))),
        "created": manifest.created_at,
        "job": manifest.job_id,
        "task": manifest.task,
        "instance": "x".join(map(str, manifest.instance.shape)) or "one number",
        "classes": ", ".join(manifest.class_names),
        "data": manifest.data.get("source"),
        "rows": ", ".join(f"{name} {count}" for name, count in (manifest.data.get("rows") or {}).items()),
        "backend": f"{manifest.backend}, seed {manifest.seed}",
        **{f"test {name}": value for name, value in manifest.metrics.items()},
        **{file: f"{info.size} bytes, sha-256 {info.sha256}" for file, info in manifest.files.items()},
    }
