"""A run in one line of a list: what is filtered, sorted and shown without reading its record again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from models.runs.record import complete_record
from models.store.gate_verdict import gate_verdict

__all__ = ["Summary", "summary_of"]

Summary = Mapping[str, Any]
COPIED = (
    "id", "model", "status", "queue", "worker", "attempts", "version", "tags", "note", "search", "created_at",
    "started_at", "ended_at", "seed", "backend", "error",
)  # fmt: skip
LONGEST_NOTE, LONGEST_ERROR = 200, 500


def summary_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """What a list tells of a run: of its note and its error only the beginning.

    Raises:
        ValueError: When a field is not what it should be.
    """
    run = complete_record(record)
    try:
        result, progress = run["result"] or {}, run["progress"] or {}
        return {
            **{name: run[name] for name in COPIED},
            "note": str(run["note"])[:LONGEST_NOTE],
            "tags": [str(tag) for tag in run["tags"]],
            "error": _error(run["error"]),
            "duration_s": _seconds_between(run["started_at"], run["ended_at"]),
            "epochs": progress.get("epoch"),
            "metrics": _numbers(_test_metrics(run["metrics"], result)),
            "last_epoch": _numbers(progress.get("metrics")),
            "gate_holds": None if run["gate"] is None else bool(run["gate"].get("holds")),
            "verdict": gate_verdict(run["gate"]),
        }
    except (TypeError, AttributeError, LookupError) as error:
        raise ValueError(f"a run whose fields are others: {error}") from error


def _test_metrics(metrics: Mapping[str, Any] | None, result: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Of the test rows, which older records have in the result only; a trial of a search has none."""
    return result.get("metrics") if metrics is None else metrics.get("test")


def _error(error: Mapping[str, Any] | None) -> dict[str, str] | None:
    if error is None:
        return None
    return {"type": str(error.get("type", "Error")), "message": str(error.get("message", ""))[:LONGEST_ERROR]}


def _numbers(values: Mapping[str, Any] | None) -> dict[str, float]:
    return {name: float(value) for name, value in (values or {}).items() if isinstance(value, int | float)}


def _seconds_between(start: str | None, end: str | None) -> float | None:
    if start is None or end is None:
        return None
    return round((datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds(), 3)
