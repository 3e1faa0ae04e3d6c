"""The one writer of records: what a training leaves behind in the store when it has ended, however it ended."""

from collections.abc import Mapping
from typing import Any

from models.runs.spec_changes import changes_between
from models.store.runs import find_run, last_run, note_last_run, write_run
from models.store.store import Store

__all__ = ["record_training"]


def record_training(store: Store, record: Mapping[str, Any]) -> None:
    """Write the record of a training, with what differs from the run of its model that ended before; again if need be.

    Written again, as by another attempt of the same job, it keeps its tags, its note and the run before.

    Args:
        store: Where it goes.
        record: As `models.runs.record.make_record` makes it.

    Raises:
        StoreUnavailable: When the store does not answer.
    """
    write_run(store, {**record, "previous": _previous(store, record)})
    note_last_run(store, record["model"], record["id"])


def _previous(store: Store, record: Mapping[str, Any]) -> dict[str, Any] | None:
    """The run of the model that ended before this one, and every value of the spec that differs."""
    run_id = last_run(store, record["model"])
    if run_id is None or run_id == record["id"]:
        return None
    before = find_run(store, run_id, model=record["model"])
    spec = None if before is None else before.get("spec")
    if not isinstance(spec, dict):
        return None
    return {"id": run_id, "differs": changes_between(spec, record["spec"] or {})}
