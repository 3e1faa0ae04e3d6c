"""All of RQ that it does not document and the trainer's worker stands on, proved for `VERSIONS`.

Private attributes are touched here only. `OVERRIDDEN` lists the methods that our classes replace, with the parameters
that RQ calls them with: `tests/unit/trainer/test_foreign_internals.py` fails by name when an upgrade changes one.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from redis import Redis
from rq import Worker
from rq.intermediate_queue import IntermediateQueue
from rq.job import Job
from rq.queue import Queue
from rq.registry import StartedJobRegistry
from rq.utils import now

__all__ = ["OVERRIDDEN", "PRIVATE", "VERSIONS", "QueueWithInternals", "WorkerWithInternals", "callback_name"]

VERSIONS = ">=3.0,<3.1"

PRIVATE: Mapping[type, tuple[str, ...]] = {
    Worker: ("_shutdown_requested_date", "_stop_requested", "_stopped_job_id"),
    Job: ("_failure_callback_name", "_stopped_callback_name", "_success_callback_name"),
    Queue: ("_fetch_dequeued_job",),
}
"""Class → private attributes that are read or set."""

OVERRIDDEN: Mapping[type, Mapping[str, str]] = {
    Worker: {
        "_install_signal_handlers": "self",
        "_shutdown": "self",
        "clean_group_registries": "self",
        "clean_registries": "self",
        "dequeue_timeout": "self",
        "get_heartbeat_ttl": "self job working_time",
        "handle_exception": "self job exc_info",
        "handle_execution_ended": "self job queue heartbeat_ttl",
        "handle_job_failure": "self job queue started_job_registry exc_string execution",
        "handle_job_success": "self job queue started_job_registry execution",
        "handle_warm_shutdown_request": "self",
        "handle_work_horse_killed": "self job retpid ret_val rusage",
        "heartbeat": "self timeout pipeline",
        "maintain_heartbeats": "self job execution",
        "perform_job": "self job queue execution",
        "prepare_execution": "self job",
        "register_death": "self",
        "request_force_stop": "self signum frame",
        "serialize": "self",
        "setup_work_horse_signals": "self",
        "should_run_maintenance_tasks": "self",
        "subscribe": "self",
        "unsubscribe": "self",
    },
    Job: {
        "failure_callback": "self",
        "func": "self",
        "send_webhooks": "self status exc_string",
        "started_job_registry": "self",
        "stopped_callback": "self",
        "success_callback": "self",
    },
    Queue: {
        "dequeue_any": "queues timeout connection job_class serializer death_penalty_class",
        "intermediate_queue": "self",
    },
    IntermediateQueue: {"set_first_seen": "self job_id", "should_be_cleaned_up": "self job_id"},
    StartedJobRegistry: {"add_execution": "self execution pipeline ttl xx"},
}
"""Class → method or property that is overridden → its parameters."""


class WorkerWithInternals(Worker):
    """RQ's worker, with names of their own for what it keeps private."""

    def _install_signal_handlers(self) -> None:
        super()._install_signal_handlers()  # type: ignore[no-untyped-call]
        self.install_own_signals()

    def install_own_signals(self) -> None:
        """Install signal handlers beside RQ's; there are none."""

    def _shutdown(self) -> None:
        """End after the job, or at the next look at the queue: never between taking a job and starting it."""
        self._stop_requested = True

    def asked_to_end_before(self, *, seconds: float) -> bool:
        """Whether the worker was asked to end, and longer ago than so many seconds."""
        asked = self._shutdown_requested_date
        return isinstance(asked, datetime) and (now() - asked).total_seconds() > seconds

    def mark_stopped(self, job: Job) -> None:
        """Have the job count as stopped, and not as failed, when its work-horse ends."""
        self._stopped_job_id = job.id


class QueueWithInternals(Queue):
    """RQ's queue, with a name of its own for what it keeps private."""

    @classmethod
    def fetch_taken(cls, connection: Redis, queue_key: str, job_id: str, **classes: Any) -> tuple[Any, Queue] | None:
        """A job that was taken from a queue, and the queue; None when the job is gone."""
        return cls._fetch_dequeued_job(connection, queue_key, job_id, **classes)


def callback_name(job: Job, kind: str) -> str | None:
    """The function that a job names as its `success`, `failure` or `stopped` callback; it is not imported."""
    name: str | None = getattr(job, f"_{kind}_callback_name")
    return name
