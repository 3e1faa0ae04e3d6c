"""The list of jobs in pages, the newest first, filtered by status and model."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

from rq.job import Job
from rq.serializers import JSONSerializer

from models.queue.names import INDEX
from models.queue.server_clock import server_time_s
from service.jobs.training_queue import Jobs, translated_errors

__all__ = ["JobFilter", "Place", "list_jobs"]

PIECE = 200
"""Of the index, looked at together where most jobs may be others than those that are asked for."""
SUBMITTING_S = 60.0
"""A job that is not in the queue this long after it was submitted will not come."""
CURSOR = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?)-([0-9A-Za-z-]{1,64})")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in the list: behind the job that was submitted then.

    Args:
        submitted_s: Since 1970.
        job_id: Of the job.
    """

    submitted_s: float
    job_id: str

    @classmethod
    def read(cls, cursor: str) -> Self | None:
        """Of a cursor as `cursor` gives it."""
        found = CURSOR.fullmatch(cursor)
        return None if found is None else cls(float(found[1]), found[2])

    @property
    def cursor(self) -> str:
        """As a client brings it back."""
        return f"{self.submitted_s!r}-{self.job_id}"


@dataclass(frozen=True, slots=True)
class JobFilter:
    """The jobs that are asked for.

    Args:
        status: Of those; any where None.
        model: Likewise.
    """

    status: str | None = None
    model: str | None = None

    def takes(self, job: dict[str, Any]) -> bool:
        """Whether a job is one of them."""
        return self.status in (None, job["status"]) and self.model in (None, job["model"])


def list_jobs(
    jobs: Jobs, wanted: JobFilter, *, limit: int, after: Place | None = None
) -> tuple[list[dict[str, Any]], str | None]:
    """One page of jobs, and the cursor of the next where there is one.

    Raises:
        QueueUnavailable: When the queue's server does not answer.
    """
    found: list[tuple[Place, dict[str, Any]]] = []
    with translated_errors():
        for place, job in _jobs(jobs, after, piece=limit + 1 if wanted == JobFilter() else PIECE):
            if wanted.takes(job):
                found.append((place, job))
            if len(found) > limit:
                break
    page = [job for _, job in found[:limit]]
    return page, found[limit - 1][0].cursor if len(found) > limit else None


def _jobs(jobs: Jobs, after: Place | None, *, piece: int) -> Iterator[tuple[Place, dict[str, Any]]]:
    """The jobs of the index behind a place; those that the queue has forgotten are taken out of it."""
    while places := _places(jobs, after, piece=piece):
        after = places[-1]
        ids = [place.job_id for place in places]
        found = Job.fetch_many(ids, connection=jobs.connection, serializer=JSONSerializer)
        old_s = server_time_s(jobs.connection) - SUBMITTING_S
        pairs = list(zip(places, found, strict=True))
        if forgotten := [place.job_id for place, job in pairs if job is None and place.submitted_s < old_s]:
            jobs.connection.zrem(INDEX, *forgotten)
        known = [(place, job) for place, job in pairs if job is not None]
        yield from zip((place for place, _ in known), jobs.described([job for _, job in known]), strict=True)


def _places(jobs: Jobs, after: Place | None, *, piece: int) -> list[Place]:
    """The next places of the index. Jobs of the same moment stand in the order of their ids, the last first."""
    top = "+inf" if after is None else repr(after.submitted_s)
    start = 0
    while True:
        rows: list[Any] = jobs.connection.zrevrangebyscore(INDEX, top, "-inf", start=start, num=piece, withscores=True)
        places = [Place(submitted_s, job_id.decode()) for job_id, submitted_s in rows]
        rest = [place for place in places if after is None or place < after]
        if rest or len(rows) < piece:
            return rest
        start += piece
