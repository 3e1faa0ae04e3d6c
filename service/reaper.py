"""`python -m service.reaper`: give the jobs of workers that vanished back to their queues, once.

Workers do this for each other between two jobs. Where they are scaled to zero, nobody is left to do it.
"""

import os
from typing import Any

from redis import Redis
from rq import Queue, Worker
from rq.job import Job
from rq.serializers import JSONSerializer

from models.settings import read_settings

__all__ = ["reap"]

QUEUES = ("train", "train-gpu")


class SilentJob(Job):
    """A job that runs nothing and tells nobody: what the queue's server names is not trusted."""

    @property
    def failure_callback(self) -> None:
        """None; Onehot's jobs have no callbacks."""
        return

    def send_webhooks(self, status: Any, *, exc_string: str | None = None) -> None:
        """Send nothing."""


def reap(connection: Redis) -> None:
    """Run RQ's own maintenance on every queue: leases that ran out, jobs stuck between two lists.

    Args:
        connection: The queue's server. RQ changes its timeouts: it is used for nothing else.
    """
    queues = [Queue(name, connection=connection, job_class=SilentJob, serializer=JSONSerializer) for name in QUEUES]
    worker = Worker(queues, connection=connection, job_class=SilentJob, serializer=JSONSerializer)
    worker.clean_registries()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    reap(Redis.from_url(read_settings(os.environ).redis_url, socket_connect_timeout=5))
