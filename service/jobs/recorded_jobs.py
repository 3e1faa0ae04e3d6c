"""Jobs that the queue has forgotten, wholly or but for their status, from their records in the store."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from models.errors import StoreUnavailable
from models.store.runs import find_run
from service.blocking_calls import run_in_thread, several_at_once
from service.errors import JobNotFound, QueueUnavailable
from service.jobs.training_queue import Jobs, with_result_verdict
from service.registry.registry import Registry

__all__ = ["RecordedJob", "events_left", "find_recorded_job"]

FIELDS = (
    "id", "status", "model", "queue", "created_at", "enqueued_at", "started_at", "ended_at", "progress", "error",
    "result",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RecordedJob:
    """A training that has ended.

    Args:
        record: As it is in the store.
    """

    record: Mapping[str, Any]

    @property
    def document(self) -> dict[str, Any]:
        """The job's document, as the queue would give it."""
        return {**with_result_verdict({name: self.record.get(name) for name in FIELDS}), "jobs_ahead": None}

    def events(self) -> tuple[int, list[dict[str, Any]]]:
        """The id of the first event that is known, and all from there to the end."""
        progress = self.record.get("progress") or {}
        first, history = self.record.get("first_epoch") or 1, self.record.get("history") or {}
        rows = list(zip_longest(*history.values()))
        epochs = progress.get("epochs", first + len(rows) - 1)
        events = [
            {"event": "epoch", "epoch": epoch, "epochs": epochs, "metrics": dict(zip(history, row, strict=True)),
             "eta_s": None}
            for epoch, row in enumerate(rows, first)
        ]  # fmt: skip
        first_id = first - 1 + int(progress.get("trained_before") or 0)
        return first_id, [*events, {"event": "end", "status": self.record["status"]}]


def find_recorded_job(registry: Registry, job_id: str, *, model: str | None = None) -> RecordedJob | None:
    """The record of a job, if there is one; found sooner where its model is known.

    Raises:
        StoreUnavailable: When the store does not answer.
    """

    def find() -> dict[str, Any] | None:
        # Many at one time: a request for a job that never was holds one of few threads until all have answered.
        return find_run(
            registry.store, job_id, model=model, ask=lambda read, names: several_at_once(read, names).values()
        )

    record = run_in_thread(find)
    return None if record is None else RecordedJob(record)


def events_left(
    jobs: Jobs, registry: Registry, job_id: str, status: str, start: int
) -> tuple[int, list[dict[str, Any]]]:
    """The events of a job that has ended from the id `start` on, which the queue does not have; at least the end."""
    try:
        recorded = find_recorded_job(registry, job_id, model=jobs.get(job_id)["model"])
    except (StoreUnavailable, QueueUnavailable, JobNotFound):
        recorded = None
    if recorded is not None:
        first, events = recorded.events()
        if start < first + len(events):
            skipped = max(start - first, 0)
            return first + skipped, events[skipped:]
    return start, [{"event": "end", "status": status}]
