"""Leases that ran out, looked for by workers and by the service's reaper: one at a time, in the same way.

RQ does the work. Its objects are handed in, since this package is shared with sides that have no queue.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from models.errors import WorkerLost
from models.queue.events import add_end, write_error
from models.queue.server_clock import server_time_s

__all__ = ["Maintenance"]

LOCK_S = 10
"""No lock of a queue outlives its owner for longer."""


@dataclass(frozen=True, slots=True)
class Maintenance:
    """Gives jobs whose workers vanished back to their queues, and reports the end of those that are not tried again.

    Args:
        worker: An RQ worker, with its queues and its connection.
        clean_workers: RQ's, which takes a queue.
    """

    worker: Any
    clean_workers: Callable[[Any], None]

    def run(self) -> None:
        """Maintain every queue that no other process maintains at the moment."""
        for queue in self.worker.queues:
            name = f"onehot:maintenance:{queue.name}"
            lock = self.worker.connection.lock(name, timeout=LOCK_S, raise_on_release_error=False)
            with ExitStack() as held:
                if lock.acquire(blocking=False):
                    held.push(lock)
                    self._maintain(queue)

    def _maintain(self, queue: Any) -> None:
        lost: list[Any] = []

        def note_lost(job: Any, *_: Any) -> None:
            self.worker.log.warning("job %s: its lease ran out: its worker is lost", job.id)
            lost.append(job)
            if not job.should_retry:
                write_error(job, WorkerLost())

        self._clean_registries(queue, note_lost)
        self.clean_workers(queue)
        queue.intermediate_queue.cleanup(self.worker, queue)
        for job in lost:
            add_end(job)

    def _clean_registries(self, queue: Any, note_lost: Callable[..., None]) -> None:
        """What RQ does, with the time of the queue's server."""
        now_s = server_time_s(self.worker.connection)
        queue.finished_job_registry.cleanup(now_s)
        queue.started_job_registry.cleanup(now_s, [note_lost])
        queue.failed_job_registry.cleanup(now_s)
        queue.ready_job_registry.cleanup(now_s)
