"""`onehot models`: versions and labels, of the service that ONEHOT_URL names or of the store itself."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import click

from models.names import is_label_name
from onehot.commands.options import AgeType, json_option, settings_here, store_option, versions_here
from onehot.commands.processes import exec_module
from onehot.failures import WorkFailed
from onehot.output import print_json, print_line, print_list, print_pairs

__all__ = ["models"]


@click.group()
def models() -> None:
    """List, show, label, profile, verify, roll back and delete versions.

    With ONEHOT_URL they are those of that service; without it, or with --store, those of the store, ONEHOT_STORE.
    """


@models.command("list")
@store_option
@json_option
def list_models(from_store: bool, as_json: bool) -> None:  # noqa: FBT001 -- click's flags
    """List every version of every model."""
    with versions_here(from_store=from_store) as versions:
        rows = versions.rows()
    headings = ("MODEL", "VERSION", "LABELS", "CREATED", "TEST METRICS")
    cells = [(r["model"], r["version"], " ".join(r["labels"]), r["created_at"], _metrics(r)) for r in rows]
    empty = f"No versions in {versions.place} yet: onehot train SPEC publishes one."
    print_list(rows, headings, cells, as_json=as_json, empty=empty)


@models.command()
@click.argument("model")
@click.argument("version", type=click.IntRange(1), required=False)
@store_option
@json_option
def show(model: str, version: int | None, from_store: bool, as_json: bool) -> None:  # noqa: FBT001
    """Show one version; without a number, the default one."""
    with versions_here(from_store=from_store) as versions:
        if as_json:
            print_json(versions.document(model, version))
        else:
            print_pairs(versions.pairs(model, version))


@models.command()
@click.argument("model")
@click.argument("label")
@click.argument("version", type=click.IntRange(1), required=False)
@click.option("--delete", is_flag=True, help="Take the label away.")
@click.option("--force", is_flag=True, help="Also onto a version whose gate does not hold.")
@store_option
def label(model: str, label: str, version: int | None, delete: bool, force: bool, from_store: bool) -> None:  # noqa: FBT001
    """Let LABEL name VERSION of MODEL."""
    if delete == (version is not None):
        raise click.UsageError("give a VERSION, or --delete")
    if not is_label_name(label):
        raise click.UsageError(f"LABEL: expected letters, digits and _, and not `latest`; received {label!r}")
    with versions_here(from_store=from_store) as versions:
        if version is None:
            versions.delete_label(model, label)
            print_line(f"{label} of {model} is gone")
        else:
            versions.move_label(model, label, version, force=force)
            print_line(f"{label} of {model} is version {version}")


@models.command()
@click.argument("model")
@click.argument("version", type=click.IntRange(1), required=False)
@store_option
@json_option
def verify(model: str, version: int | None, from_store: bool, as_json: bool) -> None:  # noqa: FBT001
    """Check size and digest of every file of a version, or of all versions.

    A service did so when it loaded a version; --store reads the files now.
    """
    with versions_here(from_store=from_store) as versions:
        found = versions.verify(model, version)
    if as_json:
        print_json(found)
    else:
        for one in found:
            print_line(f"{model} version {one['version']}: {_verified(one)}")
    broken = [str(one["version"]) for one in found if one["error"]]
    if broken:
        raise WorkFailed(f"not as published: version {', '.join(broken)} of {model}; train anew, or roll back")


@models.command()
@click.argument("model")
@click.argument("version", type=click.IntRange(1), required=False)
@click.option("--data", metavar="SOURCE", help="The rows it was trained on; default: those of its own spec.")
@click.option("--target", metavar="NAME", help="Their array or column with the labels.")
@json_option
def profile(model: str, version: int | None, as_json: bool, **named: str | None) -> None:  # noqa: FBT001
    """Give a version statistics of its training rows, where it has none yet: monitoring compares with them.

    The version is one of the store, ONEHOT_STORE. One that was imported needs --data.
    """
    settings_here()
    options = [part for name, value in named.items() if value for part in (f"--{name}", value)]
    number = [] if version is None else [str(version)]
    exec_module("trainer.profile_version", [*options, *(["--json"] if as_json else []), "--", model, *number])


@models.command()
@click.argument("model")
@click.option("--to", "target", type=click.IntRange(1), help="To this version; default: what `stable` named before.")
@click.option("--force", is_flag=True, help="Also onto a version whose gate does not hold.")
@store_option
def rollback(model: str, target: int | None, force: bool, from_store: bool) -> None:  # noqa: FBT001
    """Move `stable` back to the version that it named before, whose files are checked first."""
    with versions_here(from_store=from_store) as versions:
        moved = versions.roll_back(model, to=target, force=force)
    print_line(f"stable of {model} is version {moved.version}; it was {moved.previous}")


@models.command()
@click.argument("model")
@click.argument("version", type=click.IntRange(1))
@click.option("--force", is_flag=True, help="Also when a label names it, or a rollback would go to it.")
@store_option
@json_option
def delete(model: str, version: int, force: bool, from_store: bool, as_json: bool) -> None:  # noqa: FBT001
    """Delete VERSION of MODEL; its number is never given again.

    Refused while a label names it, while it answers by default, or when it is the last good one. With --force `stable`
    goes back to what it named before, and other labels go.
    """
    with versions_here(from_store=from_store) as versions:
        versions.delete(model, version, force=force)
    if as_json:
        print_json({"model": model, "version": version, "deleted": True})
    else:
        print_line(f"version {version} of {model} is gone")


@models.command()
@click.argument("model", required=False)
@click.option("--keep", type=click.IntRange(0), default=10, show_default=True, help="The newest versions that stay.")
@click.option("--older-than", type=AgeType(), default="30d", show_default=True, help="Younger versions stay.")
@click.option("--dry-run", is_flag=True, help="Only print what would be deleted.")
@store_option
@json_option
def prune(
    model: str | None, keep: int, older_than: timedelta, dry_run: bool, from_store: bool, as_json: bool  # noqa: FBT001
) -> None:  # fmt: skip
    """Delete old versions of MODEL, or of all models: neither newest, nor young, nor needed.

    Of the store it also deletes what interrupted publishes, deletions and uploads left behind, and checkpoints of jobs
    that will not go on. The ONEHOT_KEEP_VERSIONS newest, which a service loads, always stay.
    """
    from models.retention.pruning import FAILED, Retention  # noqa: PLC0415 -- the other commands need no store here

    retention = Retention(max(keep, settings_here().keep_versions), older_than)
    with versions_here(from_store=from_store) as versions:
        found = [asdict(one) for one in versions.prune(model, retention, dry_run=dry_run)]
    rows = [(one["kind"], one["path"], one["size"], _outcome(one, dry_run=dry_run)) for one in found]
    headings, empty = ("WHAT", "PATH", "BYTES", "OUTCOME"), f"Nothing to delete in {versions.place}."
    print_list({"dry_run": dry_run, "outcomes": found}, headings, rows, as_json=as_json, empty=empty)
    failed = [f"{one['path']}: {one['reason']}" for one in found if one["outcome"] == FAILED]
    if failed:
        raise WorkFailed("\n  ".join(["not deleted:", *failed]))


def _outcome(one: Mapping[str, Any], *, dry_run: bool) -> str:
    if one["reason"]:
        return f"{one['outcome']}: {one['reason']}"
    return "would be deleted" if dry_run else str(one["outcome"])


def _verified(one: Mapping[str, Any]) -> str:
    if one["error"]:
        return str(one["error"])
    if one.get("is_loaded", True):
        return "every file is as it was published"
    return "not loaded, so not checked by the service: --store reads its files"


def _metrics(row: Mapping[str, Any]) -> str:
    metrics = [f"{name} {value:.4f}" for name, value in row["metrics"].items()]
    return row["error"] or "  ".join([*metrics, *filter(None, [row.get("verdict")])])
