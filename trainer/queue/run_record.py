"""The record of a training that has ended, in the store: what the queue knows of it, and its epochs, for longer."""

import logging

from redis import Redis
from rq.exceptions import DeserializationError, NoSuchJobError
from rq.job import Job
from rq.serializers import JSONSerializer

from models.errors import StoreUnavailable
from models.names import is_model_name
from models.queue.job_messages import add_job_messages
from models.queue.names import UNRECORDED
from models.queue.run_facts import forget_facts
from models.runs.queued import record_of_job
from models.runs.recording import record_training
from models.store.store import Store

__all__ = ["record_run"]

UNREADABLE = (NoSuchJobError, DeserializationError, ValueError, TypeError, LookupError, AttributeError)

log = logging.getLogger("trainer")


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
            job = Job.fetch(job_id, connection=connection, serializer=JSONSerializer)
            record = record_of_job(job, model)
            record_training(store, record)
            add_job_messages(connection, record)
    except StoreUnavailable as error:
        log.warning("job %s: no record of it in the store yet: %s", job_id, error)
        return
    except UNREADABLE as error:  # the queue has forgotten it, or its server was given something else than a job
        log.warning("job %s: no record of it: %s", job_id, error)
    forget_facts(connection, job_id)
    connection.srem(UNRECORDED, member)
