"""Jobs whose specs are newer than this worker, as while the service is upgraded before the trainers."""

import logging
from typing import Any

from redis import Redis
from rq.queue import Queue

from models.queue import names

__all__ = ["NewerJobs", "is_newer"]

FIRST_VERSION = 1
"""Of the specs of jobs that say nothing."""
MOST_TOLD = 1000
GIVE_BACK = "if redis.call('LREM', KEYS[1], 1, ARGV[1]) > 0 then redis.call('RPUSH', KEYS[2], ARGV[1]) end"
"""KEYS: of the list where a taken job is, of its queue. ARGV: the job's id."""

log = logging.getLogger("trainer")


def is_newer(job: Any) -> bool:
    """Whether this worker may misunderstand a job's spec."""
    version = job.meta.get("spec_version", FIRST_VERSION)
    known = names.SEARCH_SPEC_VERSION if "search" in job.meta else names.SPEC_VERSION
    return isinstance(version, int) and version > known


class NewerJobs:
    """Gives jobs back for newer workers, says so once for each, and notices when it turns in a circle."""

    def __init__(self) -> None:
        self._round: set[str] = set()
        self._told: set[str] = set()

    def give_back(self, job: Any, queue: Queue, connection: Redis) -> bool:
        """Move a job that was taken to the end of its queue; that is no attempt.

        Returns:
            Whether it is the second time since another job of its queue was looked at: there is nothing else.
        """
        connection.eval(GIVE_BACK, 2, queue.intermediate_queue_key, queue.key, job.id)
        self._tell(job)
        again = job.id in self._round
        self._round = {job.id} if again else {*self._round, job.id}
        return again

    def _tell(self, job: Any) -> None:
        if job.id in self._told:
            return
        self._told = {job.id} if len(self._told) >= MOST_TOLD else {*self._told, job.id}
        log.warning(
            "job %s: its spec is of version %s, this worker knows those up to %d: given back for a newer worker",
            job.id, job.meta["spec_version"], names.SPEC_VERSION,
        )  # fmt: skip
