"""RQ's worker, fit for trainings: short leases, no orphans, listed functions only, errors in one line."""

import contextlib
import os
import signal
import time
from types import FrameType
from typing import Any

from redis import Redis
from rq.executions import Execution
from rq.job import Job
from rq.queue import Queue

from models.errors import OnehotError, StoreUnavailable
from models.queue.events import add_end, write_meta
from models.queue.names import ENDED, UNRECORDED
from models.queue.search_step import is_start
from models.settings import read_settings
from models.store.store import Store
from trainer.child_processes import die_with_parent
from trainer.fit.progress import Superseded, TrainingCanceled, TrainingPaused
from trainer.launch.failures import ProcessKilled, error_document, may_help_again
from trainer.queue.attempts import ATTEMPT_VARIABLE, begin_attempt, is_cancellable, stop_requests
from trainer.queue.run_record import record_run, unrecorded_member
from trainer.queue.shutdown_flag import is_shutting_down, request_shutdown, request_shutdown_on
from trainer.worker.forgotten import write_job_again
from trainer.worker.leasing_worker import LEASE_S, LeasingWorker
from trainer.worker.reliable_queue import ReliableQueue
from trainer.worker.search_jobs import hear_of_search

__all__ = ["LEASE_S", "TrainingWorker"]

CHECKPOINT_GRACE_S = 12
"""How long a training has for its checkpoint after SIGTERM."""
SHUTDOWN_SIGNAL = signal.SIGUSR1


class TrainingWorker(LeasingWorker):
    """A worker that forks a work-horse for each job, asks it to end, and reports for it when it cannot."""

    def __init__(
        self, queues: list[str], connection: Redis, *, lease_s: int = LEASE_S, gpus: int | None = None
    ) -> None:
        super().__init__(queues, connection, lease_s=lease_s, gpus=gpus)
        self._kill_at_s = float("inf")
        self._cancel_seen = False
        self._preempted = False

    # Taking and watching a job

    def prepare_execution(self, job: Job) -> Execution:
        """Register the attempt; the job counts as started before there is a process that could be killed."""
        execution = super().prepare_execution(job)
        begin_attempt(self.connection, job.id, execution.id)
        with self.connection.pipeline() as pipeline:
            job.prepare_for_execution(self.name, pipeline=pipeline)
            if not is_start(job.meta):
                pipeline.sadd(UNRECORDED, unrecorded_member(job))
            pipeline.lrem(ReliableQueue(job.origin, connection=self.connection).intermediate_queue_key, 1, job.id)
            pipeline.execute()
        os.environ[ATTEMPT_VARIABLE] = execution.id
        self._cancel_seen = self._preempted = False
        return execution

    def maintain_heartbeats(self, job: Job, execution: Execution) -> None:
        """Renew the lease, end what is overdue, and look for abandoned jobs also while busy."""
        super().maintain_heartbeats(job, execution)
        self._end_when_overdue(job, execution)
        if self.should_run_maintenance_tasks:
            self.run_maintenance_tasks()  # type: ignore[no-untyped-call]

    def _end_when_overdue(self, job: Job, execution: Execution) -> None:
        """Kill a work-horse that did not end by itself, though it was asked to at the heartbeat before."""
        if is_shutting_down():
            self._signal_horse()
            if time.monotonic() > self._kill_at_s:
                self._preempt()
        elif is_cancellable(self.connection, job.id, execution.id):
            if self._cancel_seen:
                write_meta(job, error=error_document(TrainingCanceled()))
                self.mark_stopped(job)
                self.kill_horse()
            self._cancel_seen = True

    def _signal_horse(self) -> None:
        with contextlib.suppress(ProcessLookupError):  # it has just ended
            os.kill(self.horse_pid, SHUTDOWN_SIGNAL)

    def _preempt(self) -> None:
        self._preempted = True
        self.kill_horse()

    # Shutdown

    def install_own_signals(self) -> None:
        """Set the shutdown flag on our own signal as well."""
        request_shutdown_on(SHUTDOWN_SIGNAL)

    def handle_warm_shutdown_request(self) -> None:
        """Have the training write a checkpoint and end; no other job is taken."""
        self.log.info("asked to end")
        self._kill_at_s = time.monotonic() + CHECKPOINT_GRACE_S
        request_shutdown()
        if self.horse_pid:
            self._signal_horse()

    def request_force_stop(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002 -- RQ's signature
        """Asked twice: do not wait for the checkpoint."""
        if self.horse_pid and self.asked_to_end_before(seconds=1):
            self._preempt()

    # In the work-horse

    def setup_work_horse_signals(self) -> None:
        """End the work-horse with its worker: who takes the job over must not meet it. SIGTERM asks it to end."""
        super().setup_work_horse_signals()  # type: ignore[no-untyped-call]
        request_shutdown_on(signal.SIGTERM, SHUTDOWN_SIGNAL)
        die_with_parent(int(self.pid or os.getppid()))

    def perform_job(self, job: Job, queue: Queue, execution: Execution) -> bool:
        """Train; when the job has ended by it, write its record into the store, and let its search go on."""
        is_done = super().perform_job(job, queue, execution)
        if job.get_status() in ENDED:
            with contextlib.suppress(StoreUnavailable):  # then it is done later, by another process
                settings = read_settings(os.environ)
                store = Store.open(settings.store)
                hear_of_search(self.connection, store, settings, job)
                if not is_start(job.meta):
                    record_run(self.connection, store, unrecorded_member(job))
        return is_done

    def handle_execution_ended(self, job: Job, queue: Queue, heartbeat_ttl: int) -> None:
        """Note when the attempt ended, in the job's record: also where the queue's server has just forgotten that."""
        attempt = self._attempt()
        if attempt is not None:
            write_job_again(self, job, attempt, lease_s=self.lease_s)
        super().handle_execution_ended(job, queue, heartbeat_ttl)

    def handle_exception(self, job: Job, *exc_info: Any) -> None:
        """Note why a job failed, and whether trying again can help."""
        error = exc_info[1]
        if isinstance(error, Superseded) or self._is_superseded(job):
            self._leave(job)
        elif isinstance(error, TrainingPaused):
            self.log.info("job %s: %s", job.id, error)
            self._preempted = True
        else:
            self._note_failure(job, error, exc_info)

    def _note_failure(self, job: Job, error: BaseException, exc_info: Any) -> None:
        if isinstance(error, TrainingCanceled):
            self.mark_stopped(job)
        if isinstance(error, OnehotError):
            self.log.error("job %s: %s: %s", job.id, type(error).__name__, error)
        else:
            self.log.error("job %s: %s", job.id, type(error).__name__, exc_info=exc_info)
        if not may_help_again(error):
            job.retries_left = 0
        write_meta(job, error=error_document(error))

    def _attempt(self) -> Execution | None:
        """The attempt of this work-horse."""
        return self.executions.get(os.environ.get(ATTEMPT_VARIABLE, ""))

    def _is_superseded(self, job: Job) -> bool:
        attempt = self._attempt()
        return attempt is not None and stop_requests(self.connection, job.id, attempt.id)[0]

    def _leave(self, job: Job) -> None:
        """End this work-horse without a word about the job: another attempt has it."""
        self.log.warning("job %s: %s", job.id, Superseded())
        os._exit(0)

    # The end of a job

    def handle_work_horse_killed(self, job: Job, retpid: int, ret_val: int, rusage: Any) -> None:
        """Report that the process was killed, unless the worker did so on purpose."""
        del retpid
        if not self._preempted:
            number = os.WTERMSIG(ret_val) if os.WIFSIGNALED(ret_val) else os.WEXITSTATUS(ret_val)
            error = ProcessKilled(number=number, peak_mib=rusage.ru_maxrss / 1024)
            self.log.error("job %s: %s", job.id, error)
            write_meta(job, error=error_document(error))

    def handle_job_success(self, job: Job, queue: Queue, *args: Any, **kwargs: Any) -> None:
        """Keep the result, then report the end to those who follow."""
        if self._is_superseded(job):
            self._leave(job)
        super().handle_job_success(job, queue, *args, **kwargs)
        add_end(job)

    def handle_job_failure(self, job: Job, queue: Queue, *args: Any, **kwargs: Any) -> None:
        """Retry or fail, then report the end if it is one; leave a job alone that is another's by now."""
        execution = kwargs.get("execution")
        if execution is not None and not self.has_lease(job, execution):
            self.log.warning("job %s: its lease was over: it is another worker's", job.id)
            return
        if self._preempted:
            job.retries_left = (job.retries_left or 0) + 1
            job.enqueue_at_front_on_retry = True
        super().handle_job_failure(job, queue, *args, **kwargs)
        add_end(job)
