"""How a worker takes jobs: never with a moment in which a job is in no list, and never cut off in the middle."""

import time
from collections.abc import Iterable
from typing import Any

from redis import Redis
from rq.exceptions import DequeueTimeout, StopRequested
from rq.intermediate_queue import IntermediateQueue
from rq.queue import Queue
from rq.utils import as_text

from models.queue.server_clock import note_time, seconds_since_note
from trainer.queue.shutdown_flag import is_shutting_down
from trainer.worker.newer_jobs import NewerJobs, is_newer
from trainer.worker.rq_internals import QueueWithInternals

__all__ = ["ReliableQueue"]

ROUND_S = 1
"""How long one wait at the queue's server takes: whether to stop is looked at between two."""
STUCK_S = 5


class PromptIntermediateQueue(IntermediateQueue):
    """Jobs on their way from the queue to a worker, given back soon when it never took them."""

    def set_first_seen(self, job_id: str) -> bool:
        """Note when a job was seen here first; whether it was not noted already."""
        return note_time(self.connection, self.get_first_seen_key(job_id))

    def should_be_cleaned_up(self, job_id: str) -> bool:
        """Whether a job has been here for longer than any worker takes."""
        return seconds_since_note(self.connection, self.get_first_seen_key(job_id)) > STUCK_S


class ReliableQueue(QueueWithInternals):
    """A queue whose jobs are moved to another list when they are taken, also where a worker has several queues."""

    newer_jobs = NewerJobs()

    @property
    def intermediate_queue(self) -> IntermediateQueue:
        """Where its jobs are between the queue and a worker."""
        return PromptIntermediateQueue(self.key, connection=self.connection)

    @classmethod
    def dequeue_any(  # type: ignore[override]
        cls, queues: Iterable[Queue], timeout: int | None, connection: Redis, **classes: Any
    ) -> tuple[Any, Queue] | None:  # fmt: skip
        """Take the first job of the first queue that has one, within `timeout` seconds; None not to wait.

        Returns:
            The job and its queue, or None when there is none and nothing is waited for.

        Raises:
            StopRequested: When the worker is to end.
            DequeueTimeout: When none came in time.
        """
        keys = [queue.key for queue in queues]
        end_s = None if timeout is None else time.monotonic() + timeout
        while True:
            found = cls._next(keys, connection, end_s=end_s, **classes)
            if found is not None or end_s is None:
                return found
            if time.monotonic() >= end_s:
                raise DequeueTimeout(timeout, keys)

    @classmethod
    def _next(
        cls, keys: list[str], connection: Redis, *, end_s: float | None, **classes: Any
    ) -> tuple[Any, Queue] | None:
        """The first job that this worker understands; those whose specs are newer go back to their queues.

        Of many newer ones it looks at as many as it can until `end_s`; where it does not wait, at all of them.
        """
        left, waits = list(keys), end_s is not None
        while left:
            if is_shutting_down():
                raise StopRequested
            taken = cls._take(left, connection, wait=waits)
            found = None if taken is None else cls.fetch_taken(connection, *taken, **classes)
            if found is not None and not is_newer(found[0]):
                return found
            if found is not None and cls.newer_jobs.give_back(*found, connection):
                left.remove(found[1].key)
            if taken is None or (end_s is not None and time.monotonic() >= end_s):
                return None
        if waits:
            time.sleep(ROUND_S)
        return None

    @classmethod
    def _take(cls, keys: list[str], connection: Redis, *, wait: bool) -> tuple[str, str] | None:
        """Key and job id of the first job that there is; waits at the first queue only."""
        for key in keys:
            job_id = connection.lmove(key, IntermediateQueue(key, connection).key)
            if job_id is not None:
                return key, as_text(job_id)
        if not wait:
            return None
        job_id = connection.blmove(keys[0], IntermediateQueue(keys[0], connection).key, ROUND_S)
        return None if job_id is None else (keys[0], as_text(job_id))
