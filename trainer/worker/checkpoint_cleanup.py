"""`python -m trainer.worker.checkpoint_cleanup WORKER`: after jobs that have ended: checkpoints, records, searches.

A job has also ended when the queue canceled it, or when its process was killed and could write no record. A worker
starts this as a process of its own, which ends with it. It may not use the store itself: that starts threads, and what
is forked from a process with threads can hang.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from redis import Redis
from rq.exceptions import NoSuchJobError
from rq.job import Job
from rq.serializers import JSONSerializer

from models.queue.names import CHECKPOINTS, ENDED, SEARCH_JOBS, SEARCHES_KNOWN, UNRECORDED
from models.settings import Settings, read_settings
from models.store.store import Store
from trainer.child_processes import die_with_parent, module_command
from trainer.launch.launch import remove_checkpoints
from trainer.queue.redis_connection import connect
from trainer.queue.run_record import record_run
from trainer.worker.search_jobs import find_running_searches, hear

__all__ = ["CheckpointCleaner", "hear_of_ended", "record_ended", "remove_orphans"]


def _ended(connection: Redis, key: str) -> Iterator[str]:
    """Members of a set, each `model/job id`, whose jobs will not go on."""
    members: Any = connection.smembers(key)
    for member in sorted(one.decode() for one in members):
        try:
            job = Job.fetch(member.rpartition("/")[2], connection=connection, serializer=JSONSerializer)
        except (NoSuchJobError, ValueError):
            yield member
            continue
        if job.get_status(refresh=False) in ENDED:
            yield member


def remove_orphans(connection: Redis, store: Store) -> None:
    """Remove the checkpoints of jobs that have ended; what the store does not remove now is tried again later."""
    for member in _ended(connection, CHECKPOINTS):
        model, _, job_id = member.rpartition("/")
        if remove_checkpoints(store, model, job_id):
            connection.srem(CHECKPOINTS, member)


def record_ended(connection: Redis, store: Store) -> None:
    """Write the records of jobs that have ended and have none; what the store does not take is tried again later."""
    for member in _ended(connection, UNRECORDED):
        record_run(connection, store, member)


def hear_of_ended(connection: Redis, store: Store, settings: Settings) -> None:
    """Let searches go on whose jobs have ended unheard, as in a work-horse that was killed, or are gone."""
    for member in _ended(connection, SEARCH_JOBS):
        hear(connection, store, settings, member)


class CheckpointCleaner:
    """Starts this module as a process when there is something to remove, one at a time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._left: set[str] = set()
        self._is_unknown = False

    def start_when_needed(self, connection: Redis) -> None:
        """Start the process when a job has ended that had checkpoints, or of which something is left to do."""
        if self._is_free() and self._is_needed(connection):
            self._start()

    def start_for_searches(self, connection: Redis) -> None:
        """Start the process when the server knew nothing of searches at the look before either.

        From one look to the next, workers write again what they run.
        """
        was_unknown, self._is_unknown = self._is_unknown, not connection.exists(SEARCHES_KNOWN)
        if was_unknown and self._is_unknown and self._is_free():
            self._start()

    def _is_free(self) -> bool:
        if self._process is not None and self._process.poll() is None:
            return False
        self._process = None
        return True

    def _start(self) -> None:
        self._process = subprocess.Popen(module_command("trainer.worker.checkpoint_cleanup", str(os.getpid())))

    def _is_needed(self, connection: Redis) -> bool:
        """Whether jobs have ended that had checkpoints, or had no record, or an unheard end, at the look before too."""
        before, self._left = self._left, {*_ended(connection, UNRECORDED), *_ended(connection, SEARCH_JOBS)}
        return bool(before & self._left) or next(_ended(connection, CHECKPOINTS), None) is not None


if __name__ == "__main__":
    die_with_parent(int(sys.argv[1]))
    settings = read_settings(os.environ)
    server, kept = connect(settings.redis_url, settings.redis_password_file), Store.open(settings.store)
    remove_orphans(server, kept)
    record_ended(server, kept)
    find_running_searches(server, kept)
    hear_of_ended(server, kept, settings)
