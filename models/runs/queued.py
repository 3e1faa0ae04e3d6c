"""The record of a training that was a job, from what the queue knows. A job is given as RQ's `Job`, not imported."""

import json
from typing import Any

from models.queue.events import read_events
from models.queue.job_document import job_document
from models.queue.names import MOST_EVENTS
from models.queue.run_facts import read_facts
from models.queue.search_step import SearchStep
from models.runs.record import history_of, make_record

__all__ = ["record_of_job"]


def record_of_job(job: Any, model: str) -> dict[str, Any]:
    """The record of a job that has ended.

    Args:
        job: As it was read.
        model: Whose training it is.

    Raises:
        ValueError, TypeError, LookupError: When the queue's server holds something else than a job of ours.
    """
    kept, meta = read_facts(job.connection, job.id), job.meta
    more = {name: meta[name] for name in ("search", "tags", "note") if meta.get(name)}
    document, spec = {**job_document(job), "model": model}, job.kwargs.get("spec")
    if job.kwargs.get("step"):
        more["seed"] = SearchStep.from_document(job.kwargs["step"]).seed_of(int(spec["seed"]))
    return make_record(document, spec, **kept, **more, **_history(job))


def _history(job: Any) -> dict[str, Any]:
    """Metrics of each epoch by name, as Keras' `History`; of a very long training only those of its last epochs."""
    _, raw = read_events(job.connection, job.id, 0, MOST_EVENTS)
    return history_of([event for event in map(json.loads, raw) if event.get("event") == "epoch"])
