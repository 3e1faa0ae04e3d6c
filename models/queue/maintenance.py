"""Leases that ran out, looked for by workers and by the service's reaper: one at a time, in the same way.

RQ does the work. Its functions are handed in, since this package is shared with sides that have no queue.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from models.errors import WorkerLost
from models.queue.events import add_end, write_error

__all__ = ["Maintenance"]

LOCK_S = 10
RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end"


@dataclass(frozen=True, slots=True)
class Maintenance:
    """Gives jobs whose workers vanished back to their queues, and reports the end of those that are not tried again.

    Args:
        worker: An RQ worker, with its queues and its connection.
        clean_registries: RQ's, which takes a queue and exception handlers.
        clean_workers: RQ's, which takes a queue.
    """

    worker: Any
    clean_registries: Callable[[Any, list[Any]], None]
    clean_workers: Callable[[Any], None]

    def run(self) -> None:
        """Maintain every queue that no other process maintains at the moment."""
        for queue in self.worker.queues:
            with _locked(self.worker.connection, queue.name, owner=self.worker.name) as is_ours:
                if is_ours:
                    self._maintain(queue)

    def _maintain(self, queue: Any) -> None:
        lost: list[Any] = []

        def note_lost(job: Any, *_: Any) -> None:
            self.worker.log.warning("job %s: its lease ran out: its worker is lost", job.id)
            lost.append(job)
            if not job.should_retry:
                write_error(job, WorkerLost())

        self.clean_registries(queue, [note_lost])
        self.clean_workers(queue)
        queue.intermediate_queue.cleanup(self.worker, queue)
        for job in lost:
            add_end(job)


@contextmanager
def _locked(connection: Any, queue: str, *, owner: str) -> Iterator[bool]:
    """Whether the caller is the one who maintains a queue, under a lock that outlives no owner for long."""
    lock = f"onehot:maintenance:{queue}"
    is_ours = bool(connection.set(lock, owner, nx=True, ex=LOCK_S))
    try:
        yield is_ours
    finally:
        if is_ours:  # unless it has run out, and is another's by now
            connection.eval(RELEASE, 1, lock, owner)
