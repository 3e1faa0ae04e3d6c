"""RQ's worker with leases: a worker that is silent for too long loses its job to another, which finds it soon."""

import contextlib
import time
from typing import Any

from redis import Redis
from redis.client import Pipeline
from rq import worker_registration
from rq.exceptions import StopRequested
from rq.executions import Execution
from rq.job import Job
from rq.serializers import JSONSerializer

from models.queue.maintenance import Maintenance
from models.queue.names import RESULT_TTL_S, WORKER_GPUS
from models.queue.server_clock import server_time_s
from trainer.worker.allowed_jobs import ListedJob
from trainer.worker.checkpoint_cleanup import CheckpointCleaner
from trainer.worker.forgotten import write_job_again, write_worker_again
from trainer.worker.reliable_queue import ReliableQueue
from trainer.worker.rq_internals import WorkerWithInternals

__all__ = ["LEASE_S", "LeasingWorker"]

LEASE_S = 15
"""How long after its last sign of life a worker's job is given to another."""
HEARTBEATS = 7
"""How often a lease is renewed before it runs out."""
LOOKS = 3
"""How often, in the time of one lease, a worker looks for leases that ran out."""
SILENCE = 0.6
"""After so much of a lease without the queue's server, or when its clock jumped so far, every lease may have run out:
owners get time to renew them."""
WORKER_TTL_S = 60


class LeasingWorker(WorkerWithInternals):
    """A worker that renews the lease of its job, and gives jobs back whose leases ran out.

    Args:
        queues: Their names, the most important first.
        connection: To the queue's server; used for nothing else.
        lease_s: How long it may be silent.
        gpus: How many it has for a training; None where that is not known.
    """

    job_class = ListedJob
    queue_class = ReliableQueue

    def __init__(
        self, queues: list[str], connection: Redis, *, lease_s: int = LEASE_S, gpus: int | None = None
    ) -> None:
        self.gpus = gpus
        super().__init__(
            queues, connection=connection, serializer=JSONSerializer, worker_ttl=WORKER_TTL_S,
            maintenance_interval=max(1, lease_s // LOOKS), job_monitoring_interval=max(1, lease_s // HEARTBEATS),
            default_result_ttl=RESULT_TTL_S, log_job_description=False,
        )  # fmt: skip
        self.lease_s = lease_s
        self._cleaner = CheckpointCleaner()
        self._contact_s = time.monotonic()
        self._clean_from_s = self._cleaned_s = self._contact_s - self.maintenance_interval
        self._clock_ahead_s: float | None = None

    def serialize(self) -> dict[str, Any]:
        """What the queue's server knows of this worker: also its GPUs, for those who submit jobs."""
        return super().serialize() | ({} if self.gpus is None else {WORKER_GPUS: self.gpus})

    @property
    def dequeue_timeout(self) -> int:
        """Seconds that one wait for a job takes: abandoned jobs are looked for between two."""
        return self.maintenance_interval

    def get_heartbeat_ttl(self, job: Job, working_time: float = 0.0) -> int:  # noqa: ARG002 -- RQ's signature
        """The lease of a running job."""
        return self.lease_s

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Give a sign of life; register again where the queue's server has forgotten this worker."""
        if pipeline is None:
            write_worker_again(self)
        super().heartbeat(timeout, pipeline)

    def maintain_heartbeats(self, job: Job, execution: Execution) -> None:
        """Renew the lease; write again what the queue's server has forgotten."""
        write_worker_again(self)
        write_job_again(self, job, execution, lease_s=self.lease_s)
        super().maintain_heartbeats(job, execution)

    def register_death(self) -> None:
        """Sign off; not where the queue is full, and the worker has to end."""
        with contextlib.suppress(StopRequested):
            super().register_death()  # type: ignore[no-untyped-call]

    def subscribe(self) -> None:
        """Listen to no commands: a key cancels jobs, and a process that forks is better off without threads."""

    def unsubscribe(self) -> None:
        """Do nothing: it never subscribed."""

    @property
    def should_run_maintenance_tasks(self) -> bool:
        """Every few seconds; not right after the queue's server was away."""
        now_s = time.monotonic()
        if now_s - self._contact_s > SILENCE * self.lease_s:
            self._clean_from_s = now_s + self.lease_s
        self._contact_s = now_s
        return now_s >= max(self._clean_from_s, self._cleaned_s + self.maintenance_interval)

    def clean_registries(self) -> None:
        """Give abandoned jobs back to their queues, and remove the checkpoints of those that have ended."""
        self._cleaned_s = time.monotonic()
        if self._server_clock_jumped():
            self._clean_from_s = self._cleaned_s + self.lease_s
            return
        Maintenance(self, worker_registration.clean_worker_registry).run()
        self._cleaner.start_when_needed(self.connection)
        self._cleaner.start_for_searches(self.connection)

    def _server_clock_jumped(self) -> bool:
        """Whether the clock of the queue's server jumped ahead since the last look, as when another one took over."""
        before_s, self._clock_ahead_s = self._clock_ahead_s, server_time_s(self.connection) - time.monotonic()
        return before_s is not None and self._clock_ahead_s - before_s > SILENCE * self.lease_s

    def clean_group_registries(self) -> None:
        """Do nothing: there are no groups, and RQ would unpickle what a forged one names."""

    def has_lease(self, job: Job, execution: Execution) -> bool:
        """Whether an attempt still has its lease."""
        return self.connection.zscore(job.started_job_registry.key, execution.composite_key) is not None
