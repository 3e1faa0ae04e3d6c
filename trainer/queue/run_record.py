"""The record of a training that has ended, in the store: what the queue knows of it, and its epochs, for longer."""

import json
import logging
from typing import Any

from redis import Redis
from rq.exceptions import DeserializationError, NoSuchJobError
from rq.job import Job
from rq.serializers import JSONSerializer

from models.errors import StoreUnavailable
from models.names import is_model_name
from models.queue.events import read_events
from models.queue.job_document import job_document
from models.queue.names import MOST_EVENTS, UNRECORDED
from models.store.runs import write_run
from models.store.store import Store

__all__ = ["record_run", "unrecorded_member"]

UNREADABLE = (NoSuchJobError, DeserializationError, ValueError, TypeError, LookupError, AttributeError)

log = logging.getLogger("trainer")


def unrecorded_member(job: Job) -> str:
    """How a job stands in the set of those that have no record yet."""
    return f"{job.meta.get('model', '')}/{job.id}"


def record_run(connection: Redis, store: Store, member: str) -> None:
    """Write the record of a job that has ended; what the store does not take now stays in the set.

    Args:
        connection: To the queue's server.
        store: Where the record goes.
        member: `model/job id`, as in the set.
    """
    model, _, job_id = member.rpartition("/")
    try:
        if is_model_name(model):
            write_run(store, _record(connection, model, job_id))
    except StoreUnavailable as error:
        log.warning("job %s: no record of it in the store yet: %s", job_id, error)
        return
    except UNREADABLE as error:  # the queue has forgotten it, or its server was given something else than a job
        log.warning("job %s: no record of it: %s", job_id, error)
    connection.srem(UNRECORDED, member)


def _record(connection: Redis, model: str, job_id: str) -> dict[str, Any]:
    job = Job.fetch(job_id, connection=connection, serializer=JSONSerializer)
    return {**job_document(job), "model": model, "spec": job.kwargs.get("spec"), **_history(job)}


def _history(job: Job) -> dict[str, Any]:
    """Metrics of each epoch by name, as Keras' `History`; of a very long training only those of its last epochs."""
    _, raw = read_events(job.connection, job.id, 0, MOST_EVENTS)
    epochs = [event for event in map(json.loads, raw) if "epoch" in event]
    names = sorted({name for event in epochs for name in event["metrics"]})
    history = {name: [event["metrics"].get(name) for event in epochs] for name in names}
    return {"first_epoch": epochs[0]["epoch"] if epochs else None, "history": history}
