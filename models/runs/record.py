"""The record of a training: its fields, as `docs/runs.md` describes them, and what older records lack."""

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["FORMAT_VERSION", "LOCAL", "complete_record", "history_of", "make_record"]

FORMAT_VERSION = 2
LOCAL = "local"
"""The `queue` of a training that had none: `onehot train --local`."""

Facts = Mapping[str, Any]
FACTS = ("package_versions", "data", "metrics", "test", "timings_s", "cross_validation")
"""What the training itself tells, as far as it came."""
NO_FACTS: Facts = {}
EMPTY: Mapping[str, Any] = {
    "format_version": 1, "worker": None, "attempts": None, "created_at": None, "enqueued_at": None, "started_at": None,
    "ended_at": None, "tags": [], "note": "", "search": None, "spec_as_written": None, "spec": None, "previous": None,
    "seed": None, "backend": None, **dict.fromkeys(FACTS), "version": None, "gate": None, "progress": None,
    "first_epoch": None, "history": None, "result": None, "error": None,
}  # fmt: skip


def make_record(
    job: Mapping[str, Any], spec: Mapping[str, Any] | None, facts: Facts = NO_FACTS, **more: Any
) -> dict[str, Any]:
    """The record of a training that has ended.

    Args:
        job: As the service shows a job: id, status, model, queue, times, progress, error, result.
        spec: The spec as it was trained, as a plain document; None where the job named none.
        facts: What the training told of itself: `package_versions`, `data`, `metrics`, `test`, `timings_s`,
            `cross_validation`.
        more: Other fields of the record: `worker`, `attempts`, `spec_as_written`, `search`, `tags`, `history` …
    """
    known = {name: facts[name] for name in FACTS if name in facts}
    return complete_record({**job, "spec": spec, **known, **more, "format_version": FORMAT_VERSION})


def complete_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record with every field: null, or empty, where an older one has none."""
    found: dict[str, Any] = {
        **EMPTY,
        "tags": [],
        **{name: value for name, value in record.items() if value is not None},
    }
    spec, result = found["spec"], found["result"]
    if isinstance(spec, Mapping):
        found |= {name: spec.get(name) for name in ("seed", "backend") if found[name] is None}
    if isinstance(result, Mapping):
        found |= {name: result.get(name) for name in ("version", "gate") if found[name] is None}
    return {name: found[name] for name in ("id", "model", "status", "queue") if name in found} | found


def history_of(epochs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The fields `first_epoch` and `history` of what was told at the end of each epoch.

    Args:
        epochs: In order, without a gap: `{"epoch", "metrics", …}`.
    """
    names = sorted({name for epoch in epochs for name in epoch["metrics"]})
    history = {name: [epoch["metrics"].get(name) for epoch in epochs] for name in names}
    return {"first_epoch": epochs[0]["epoch"] if epochs else None, "history": history}
