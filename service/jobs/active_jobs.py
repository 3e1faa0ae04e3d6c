"""Jobs that wait or run, and the uploaded data sets that their specs name."""

import json
from collections.abc import Iterator
from contextlib import suppress

from rq import Queue
from rq.exceptions import DeserializationError
from rq.job import Job
from rq.serializers import JSONSerializer

from models.queue.names import QUEUES
from models.store.datasets import references_in
from service.jobs.training_queue import Jobs, translated_errors

__all__ = ["datasets_in_use"]

PIECE = 200


def datasets_in_use(jobs: Jobs) -> dict[str, str]:
    """Each name or digest that the spec of a job that waits or runs has behind `dataset://` → the id of such a job.

    Raises:
        QueueUnavailable: When the queue's server does not answer.
    """
    with translated_errors():
        return {reference: job.id for job in _active_jobs(jobs) for reference in references_in(_spec_text(job))}


def _active_jobs(jobs: Jobs) -> Iterator[Job]:
    """Those that run last: what begins to run meanwhile is not missed."""
    for name in QUEUES:
        queue = Queue(name, connection=jobs.connection, serializer=JSONSerializer)
        ids = [
            *queue.get_job_ids(), *queue.deferred_job_registry.get_job_ids(cleanup=False),
            *queue.scheduled_job_registry.get_job_ids(cleanup=False), *queue.intermediate_queue.get_job_ids(),
            *queue.started_job_registry.get_job_ids(cleanup=False),
        ]  # fmt: skip
        for start in range(0, len(ids), PIECE):
            found = Job.fetch_many(ids[start : start + PIECE], connection=jobs.connection, serializer=JSONSerializer)
            yield from (job for job in found if job is not None)


def _spec_text(job: Job) -> str:
    with suppress(DeserializationError, TypeError, ValueError):
        return json.dumps(job.kwargs)
    return ""
