"""What the service and the trainer agree on about the queue's server: names, keys, how long things are kept, a lock.

What a job tells while it runs is in `models.queue.events`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = [
    "CHECKPOINTS",
    "CPU_QUEUE",
    "GPU_QUEUE",
    "INDEX",
    "KEPT_S",
    "QUEUES",
    "attempt_key",
    "cancel_key",
    "maintaining",
    "publishing_key",
]

CPU_QUEUE = "train"
GPU_QUEUE = "train-gpu"
QUEUES = (CPU_QUEUE, GPU_QUEUE)
KEPT_S = 30 * 24 * 3600
"""How long a finished job, its events and its marks are kept."""
INDEX = "onehot:jobs"
"""Sorted set: job id → when it was submitted. RQ's own registries are ordered by when a job is forgotten."""
CHECKPOINTS = "onehot:checkpoints"
"""Set of `model/job id`: who may have checkpoints in the store."""
LOCK_S = 10
RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end"


def attempt_key(job_id: str) -> str:
    """The key that holds the name of the attempt that counts."""
    return f"onehot:job:{job_id}:attempt"


def cancel_key(job_id: str) -> str:
    """The key that, while it exists, asks a job to stop."""
    return f"onehot:job:{job_id}:cancel"


def publishing_key(job_id: str) -> str:
    """The key that holds the attempt that publishes: too late to cancel."""
    return f"onehot:job:{job_id}:publishing"


@contextmanager
def maintaining(connection: Any, queue: str, *, owner: str) -> Iterator[bool]:
    """Whether the caller is the one who maintains a queue, under a lock that outlives no owner for long.

    Args:
        connection: A client of the queue's server.
        queue: The queue's name.
        owner: A name that nobody else has.
    """
    lock = f"onehot:maintenance:{queue}"
    is_ours = bool(connection.set(lock, owner, nx=True, ex=LOCK_S))
    try:
        yield is_ours
    finally:
        if is_ours:  # unless it has run out, and is another's by now
            connection.eval(RELEASE, 1, lock, owner)
