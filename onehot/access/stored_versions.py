"""Versions and labels in the store itself; no service is needed."""

import getpass
import json
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from models.class_ranking import Threshold
from models.errors import CorruptVersion, ModelNotFound
from models.names import STABLE
from models.retention.clock import store_time
from models.retention.deletion import delete_version
from models.retention.pruning import Outcome, Retention, prune
from models.runs.fold_summary import cross_validation_pairs
from models.store.gate_verdict import gate_verdict
from models.store.label_moves import Moved, move_label, roll_back
from models.store.manifest import Manifest
from onehot.access.places import StorePlace

__all__ = ["StoredVersions"]

REPORT = "report.json"


@dataclass(frozen=True, slots=True)
class StoredVersions(StorePlace):
    """The versions of a store."""

    def rows(self) -> list[dict[str, Any]]:
        """Every version of every model."""
        return [row for model in self.store.models() for row in self._rows_of(model)]

    def _rows_of(self, model: str) -> list[dict[str, Any]]:
        labels = self.store.labels(model)
        return [self._row(model, version, labels) for version in self.store.versions(model)]

    def _row(self, model: str, version: int, labels: Mapping[str, int]) -> dict[str, Any]:
        row = {"model": model, "version": version, "labels": _names_of(version, labels)}
        try:
            manifest = self.store.manifest(model, version)
        except CorruptVersion as error:
            return {**row, "created_at": None, "metrics": {}, "error": str(error), "verdict": None}
        known = {"created_at": manifest.created_at, "metrics": manifest.metrics, "error": None}
        return {**row, **known, "verdict": _verdict(manifest, labels)}

    def document(self, model: str, version: int | None) -> dict[str, Any]:
        """The manifest of a version, or of the default one."""
        document: dict[str, Any] = json.loads(self._manifest(model, version).to_json())
        return document

    def pairs(self, model: str, version: int | None) -> dict[str, object]:
        """A version in names and values."""
        manifest, labels = self._manifest(model, version), self.store.labels(model)
        seed = None if manifest.is_imported else manifest.seed
        return {
            "model": manifest.model,
            "version": manifest.version,
            "labels": " ".join(_names_of(manifest.version, labels)),
            "verdict": _verdict(manifest, labels),
            "created": manifest.created_at,
            "job": manifest.job_id,
            "task": manifest.task,
            "instance": "x".join(map(str, manifest.instance.shape)) or "one number",
            "classes": ", ".join(manifest.class_names),
            "threshold": _text_of(manifest.threshold),
            **_origin(manifest),
            "backend": manifest.backend if seed is None else f"{manifest.backend}, seed {seed}",
            **{f"test {name}": value for name, value in manifest.metrics.items()},
            **cross_validation_pairs(manifest.cross_validation),
            **{file: f"{info.size} bytes, sha-256 {info.sha256}" for file, info in manifest.files.items()},
        }

    def _manifest(self, model: str, version: int | None) -> Manifest:
        return self.store.manifest(model, self.store.resolve(model, version=version))

    def move_label(self, model: str, label: str, version: int, *, force: bool) -> Moved:
        """Let a label name a version."""
        return move_label(self.store, model, label, version, by=_caller(), force=force)

    def delete_label(self, model: str, label: str) -> None:
        """Take a label away."""
        self.store.resolve(model)
        self.store.delete_label(model, label)

    def roll_back(self, model: str, *, to: int | None, force: bool) -> Moved:
        """Move `stable` back."""
        return roll_back(self.store, model, to=to, by=_caller(), force=force)

    def delete(self, model: str, version: int, *, force: bool) -> None:
        """Delete a version."""
        delete_version(self.store, model, version, by=_caller(), force=force)

    def prune(self, model: str | None, retention: Retention, *, dry_run: bool) -> Iterator[Outcome]:
        """Delete old versions, and what interrupted processes left behind."""
        now = datetime.now(UTC) if dry_run else store_time(self.store)
        return prune(self.store, retention, model=model, by=_caller(), now=now, dry_run=dry_run)

    def verify(self, model: str, version: int | None) -> list[dict[str, Any]]:
        """Read every file of a version, or of all; what is wrong with each."""
        numbers = [version] if version is not None else self.store.versions(model)
        if not numbers:
            raise ModelNotFound(model)
        return [self._verified(model, number) for number in numbers]

    def _verified(self, model: str, version: int) -> dict[str, Any]:
        try:
            self.store.verify(model, version)
        except CorruptVersion as error:
            return {"version": version, "error": str(error)}
        return {"version": version, "error": None}

    def report(self, model: str, version: int | None) -> tuple[dict[str, Any], dict[str, Any]]:
        """The manifest and the evaluation of a version."""
        manifest = self._manifest(model, version)
        return json.loads(manifest.to_json()), json.loads(self.store.read(manifest, REPORT))


def _text_of(threshold: Threshold) -> object:
    """The number, or one for each label in their order."""
    return ", ".join(map(str, threshold)) if isinstance(threshold, Sequence) else threshold


def _origin(manifest: Manifest) -> dict[str, object]:
    """The imported file, and the data, as far as they are known."""
    rows, source = manifest.data.get("rows") or {}, manifest.data.get("source")
    file = (manifest.imported or {}).get("file", source if manifest.is_imported and not rows else None)
    if not rows:
        return {"imported": file} if file else {}
    counts = ", ".join(f"{name} {count}" for name, count in rows.items())
    return ({"imported": file} if file else {}) | {"data": source, "rows": counts}


def _verdict(manifest: Manifest, labels: Mapping[str, int]) -> str | None:
    return gate_verdict(manifest.gate, is_promoted=labels.get(STABLE) == manifest.version)


def _names_of(version: int, labels: Mapping[str, int]) -> list[str]:
    return [name for name, labelled in labels.items() if labelled == version]


def _caller() -> str:
    """Who moves a label; a container's user may have no name."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = f"uid {os.getuid()}"
    return f"{user}@{socket.gethostname()}"
