"""Versions and labels as a service tells of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from models.retention.pruning import DELETED, FAILED, KEPT, Outcome, Retention
from models.runs.fold_summary import cross_validation_pairs
from models.store.label_moves import Moved
from onehot.access.places import ServicePlace
from onehot.failures import ServiceRefused, WorkFailed

__all__ = ["ServedVersions"]

AVAILABLE = "AVAILABLE"


@dataclass(frozen=True, slots=True)
class ServedVersions(ServicePlace):
    """The versions that a service knows."""

    def rows(self) -> list[dict[str, Any]]:
        """Every version of every model, the oldest first."""
        models = self.service.models()
        return [{"model": model.name, **version.document} for model in models for version in reversed(model.versions)]

    def document(self, model: str, version: int | None) -> dict[str, Any]:
        """What the service tells of a version, or of the default one."""
        found = next((one for one in self.service.models() if one.name == model), None)
        if found is None:
            raise WorkFailed(f"no model {model!r} at {self.place}: `onehot models list` names those that exist")
        wanted = version if version is not None else found.default_version
        if wanted is None:
            wanted = found.versions[0].version
        for one in found.versions:
            if one.version == wanted:
                return {"model": model, **one.document}
        raise WorkFailed(f"no version {wanted} of model {model!r} at {self.place}: `onehot models list` names them")

    def pairs(self, model: str, version: int | None) -> dict[str, object]:
        """A version in names and values."""
        one = self.document(model, version)
        return {
            "model": model,
            "version": one["version"],
            "labels": " ".join(one["labels"]),
            "state": one["state"].lower(),
            "error": one["error"],
            "verdict": one.get("verdict"),
            "created": one["created_at"],
            "task": one["task"],
            "classes": ", ".join(one["class_names"]),
            **{f"test {name}": value for name, value in one["metrics"].items()},
            **cross_validation_pairs(self._cross_validation(model, int(one["version"]))),
        }

    def _cross_validation(self, model: str, version: int) -> Mapping[str, Any] | None:
        """What the report of a version says of folds and repeats; None without a report."""
        try:
            found = self.report(model, version)[1].get("cross_validation")
        except ServiceRefused:
            return None
        return found if isinstance(found, Mapping) else None

    def move_label(self, model: str, label: str, version: int, *, force: bool) -> Moved:
        """Let a label name a version."""
        return _moved(self.service.set_label(model, label, version, force=force))

    def delete_label(self, model: str, label: str) -> None:
        """Take a label away."""
        self.service.delete_label(model, label)

    def roll_back(self, model: str, *, to: int | None, force: bool) -> Moved:
        """Move `stable` back."""
        return _moved(self.service.roll_back(model, version=to, force=force))

    def delete(self, model: str, version: int, *, force: bool, dry_run: bool = False) -> None:
        """Delete a version."""
        self.service.delete_version(model, version, force=force, dry_run=dry_run)

    def prune(self, model: str | None, retention: Retention, *, dry_run: bool) -> Iterator[Outcome]:
        """Delete old versions that are not loaded; what interrupted processes left is for the store itself."""
        answer = self.service.call("GET", "/v1/models")
        models = [one for one in answer.json()["models"] if model in (None, one["name"])]
        if model is not None and not models:
            raise WorkFailed(f"no model {model!r} at {self.place}: `onehot models list` names those that exist")
        now = parsedate_to_datetime(answer.headers["Date"]).astimezone(UTC)  # this machine's clock may be days ahead
        for one in models:
            versions = {version["version"]: version for version in one["versions"]}
            ages = {number: _published_at(version, now) for number, version in versions.items()}
            for number in retention.old(ages, now):
                yield self._pruned(one["name"], versions[number], dry_run=dry_run)

    def _pruned(self, model: str, version: Mapping[str, Any], *, dry_run: bool) -> Outcome:
        outcome = Outcome("version", f"{model}/{version['version']}", DELETED)
        if version["state"] == AVAILABLE and not version["labels"]:
            return replace(outcome, outcome=KEPT, reason="it is loaded")
        try:
            self.delete(model, version["version"], force=False, dry_run=dry_run)
        except ServiceRefused as error:
            if error.status != HTTPStatus.NOT_FOUND:  # else another process was faster
                kept = error.status == HTTPStatus.CONFLICT
                return replace(outcome, outcome=KEPT if kept else FAILED, reason=error.reason)
        return outcome

    def verify(self, model: str, version: int | None) -> list[dict[str, Any]]:
        """What the service found when it loaded a version, or all: it checks every file and replays golden rows."""
        numbers = [row["version"] for row in self.rows() if row["model"] == model] if version is None else [version]
        documents = [self.document(model, number) for number in numbers or [None]]
        return [{"version": one["version"], "error": one["error"] or None, "is_loaded": one["state"] == AVAILABLE}
                for one in documents]  # fmt: skip

    def report(self, model: str, version: int | None) -> tuple[dict[str, Any], dict[str, Any]]:
        """What is told of a version, and its evaluation."""
        one = self.document(model, version)
        return one, self.service.report(model, one["version"])


def _moved(answer: Mapping[str, Any]) -> Moved:
    return Moved(int(answer["version"]), answer.get("previous"))


def _published_at(version: Mapping[str, Any], now: datetime) -> datetime:
    """When a version was published; one of which that is not known counts as new."""
    if not version["created_at"]:
        return now
    at = datetime.fromisoformat(version["created_at"])
    return at if at.tzinfo else at.replace(tzinfo=UTC)
