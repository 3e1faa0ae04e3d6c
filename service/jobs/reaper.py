"""`python -m service.jobs.reaper`: give the jobs of workers that vanished back to their queues, once.

Workers do this for each other. Where they are scaled to zero, the reaper does it in the same way (docs/adr/0011): under
the same lock, and never before owners had time to renew their leases.
"""

import os
import time
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Worker, worker_registration
from rq.intermediate_queue import IntermediateQueue
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from models.errors import WorkerLost
from models.queue.events import add_end, write_error
from models.queue.maintenance import Maintenance
from models.queue.names import QUEUES
from models.queue.password_file import redis_address
from models.queue.server_clock import note_time, seconds_since_note, server_time_s
from models.settings import read_settings

__all__ = ["reap"]

PATIENCE_S = 15.0
"""As long as a lease: a worker that the queue's server was away from renews it in this time, or is lost."""
STUCK_S = 60
"""No worker takes longer to take a job."""
LOOK_S = 1.0
PROBE = "onehot:reaper"
"""A key that is written to see that the server takes writes: a full one kept every owner from renewing its lease."""


class SilentJob(Job):
    """A job that runs nothing and calls no address: what the queue's server names is not trusted."""

    @property
    def failure_callback(self) -> None:
        """None; Onehot's jobs have no callbacks."""
        return

    def send_webhooks(self, status: Any, *, exc_string: str | None = None) -> None:
        """Send nothing."""


class JobsOnTheirWay(IntermediateQueue):
    """Jobs between a queue and a worker, seen by the clock of the queue's server."""

    def set_first_seen(self, job_id: str) -> bool:
        """Note when a job was seen here first; whether it was not noted already."""
        return note_time(self.connection, self.get_first_seen_key(job_id))

    def should_be_cleaned_up(self, job_id: str) -> bool:
        """Whether a job has been here for longer than any worker takes."""
        return seconds_since_note(self.connection, self.get_first_seen_key(job_id)) > STUCK_S


class ReapedQueue(Queue):
    """A queue of which nothing is taken."""

    @property
    def intermediate_queue(self) -> IntermediateQueue:
        """Where its jobs are between the queue and a worker."""
        return JobsOnTheirWay(self.key, connection=self.connection)


class Reaper(Worker):
    """A worker that takes no job, and reports the end of those that are not tried again."""

    def __init__(self, connection: Redis) -> None:
        queues: list[Any] = [
            ReapedQueue(name, connection=connection, job_class=SilentJob, serializer=JSONSerializer) for name in QUEUES
        ]
        super().__init__(queues, connection=connection, job_class=SilentJob, serializer=JSONSerializer)

    def is_needed(self) -> bool:
        """Whether a lease has run out, or a job is between the queue and a worker."""
        now_s = server_time_s(self.connection)
        return any(
            queue.started_job_registry.get_expired_job_ids(now_s) or queue.intermediate_queue.get_job_ids()
            for queue in self.queues
        )

    def clean_registries(self) -> None:
        """Give abandoned jobs back to their queues, or fail them."""
        Maintenance(self, worker_registration.clean_worker_registry).run()

    def handle_job_failure(self, job: Job, queue: Queue, *args: Any, **kwargs: Any) -> None:
        """Retry or fail a job that was stuck on its way to a worker."""
        super().handle_job_failure(job, queue, *args, **kwargs)
        if job.get_status() == JobStatus.FAILED:
            write_error(job, WorkerLost())
            add_end(job)


def reap(connection: Redis, *, patience_s: float = PATIENCE_S) -> None:
    """Run the queue's maintenance: leases that ran out, jobs stuck between two lists.

    Args:
        connection: The queue's server. RQ changes its timeouts: it is used for nothing else.
        patience_s: How long the server must answer without a break before a lease that ran out counts.
    """
    reaper = Reaper(connection)
    if reaper.is_needed():
        _wait(connection, patience_s)
        reaper.clean_registries()


def _wait(connection: Redis, patience_s: float) -> None:
    """Wait until the queue's server has answered for so long: it may have been away, and every owner with it."""
    since_s = time.monotonic()
    while time.monotonic() - since_s < patience_s:
        time.sleep(min(LOOK_S, patience_s))
        try:
            connection.set(PROBE, 1, ex=1)
        except RedisError:
            since_s = time.monotonic()


if __name__ == "__main__":
    settings = read_settings(os.environ)
    address = redis_address(settings.redis_url, settings.redis_password_file)
    reap(Redis.from_url(**address, socket_connect_timeout=5))
