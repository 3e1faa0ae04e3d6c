"""RQ's worker, made fit for trainings: short leases, no orphans, listed functions only, errors in one line."""

import os
from typing import Any

from redis import Redis
from rq import Worker
from rq.executions import Execution
from rq.job import Job, JobStatus
from rq.queue import Queue
from rq.serializers import JSONSerializer

from models.errors import OnehotError, StoreUnavailable
from trainer.jobs import error_document
from trainer.journal import add_event, write_meta
from trainer.listed_jobs import ListedJob
from trainer.processes import die_with_parent
from trainer.watching import TrainingCancelled

__all__ = ["TrainingWorker", "make_worker"]

LEASE_S = 15
"""How long after its last sign of life a worker's job is given to another."""
HEARTBEAT_S = 5
MAINTENANCE_S = 10
WORKER_TTL_S = 60
RESULT_TTL_S = 30 * 24 * 3600

ENDS = {
    JobStatus.FINISHED: "finished",
    JobStatus.FAILED: "failed",
    JobStatus.STOPPED: "stopped",
    JobStatus.CANCELED: "canceled",
}


class TrainingWorker(Worker):
    """A worker that forks a work-horse for each job."""

    job_class = ListedJob

    @property
    def dequeue_timeout(self) -> int:
        """Seconds that one wait for a job takes: abandoned jobs are looked for between two."""
        return MAINTENANCE_S

    def get_heartbeat_ttl(self, job: Job, working_time: float = 0.0) -> int:  # noqa: ARG002 -- RQ's signature
        """The lease of a running job."""
        return LEASE_S

    def maintain_heartbeats(self, job: Job, execution: Execution) -> None:
        """Renew the lease, and look for abandoned jobs also while busy."""
        super().maintain_heartbeats(job, execution)
        if self.should_run_maintenance_tasks:
            self.run_maintenance_tasks()  # type: ignore[no-untyped-call]

    def clean_group_registries(self) -> None:
        """Do nothing: there are no groups, and RQ would unpickle what a forged one names."""

    def setup_work_horse_signals(self) -> None:
        """End the work-horse with its worker: whoever takes the job over must not meet it."""
        super().setup_work_horse_signals()  # type: ignore[no-untyped-call]
        die_with_parent(int(self.pid or os.getppid()))

    def handle_exception(self, job: Job, *exc_info: Any) -> None:
        """Note why a job failed, and whether trying again can help."""
        error = exc_info[1]
        if isinstance(error, TrainingCancelled):
            self._stopped_job_id = job.id
        if isinstance(error, OnehotError):
            self.log.error("job %s: %s: %s", job.id, type(error).__name__, error)
            if not isinstance(error, StoreUnavailable):
                job.retries_left = 0
        else:
            self.log.error("job %s: %s", job.id, type(error).__name__, exc_info=exc_info)
        write_meta(job, error=error_document(error))

    def handle_job_success(self, job: Job, queue: Queue, *args: Any, **kwargs: Any) -> None:
        """Keep the result, then tell those who follow."""
        super().handle_job_success(job, queue, *args, **kwargs)
        self._tell_end(job)

    def handle_job_failure(self, job: Job, queue: Queue, *args: Any, **kwargs: Any) -> None:
        """Retry or fail, then tell those who follow when it is the end."""
        super().handle_job_failure(job, queue, *args, **kwargs)
        self._tell_end(job)

    def _tell_end(self, job: Job) -> None:
        status = ENDS.get(job.get_status())
        if status is not None:
            add_event(self.connection, job.id, {"event": "end", "status": status})


def make_worker(connection: Redis, queues: list[str]) -> TrainingWorker:
    """A worker for these queues; it names itself."""
    return TrainingWorker(
        queues, connection=connection, serializer=JSONSerializer, worker_ttl=WORKER_TTL_S,
        maintenance_interval=MAINTENANCE_S, job_monitoring_interval=HEARTBEAT_S, default_result_ttl=RESULT_TTL_S,
        log_job_description=False,
    )  # fmt: skip
