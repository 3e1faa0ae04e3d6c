"""What the service and the trainer agree on about the queue's server: names, keys, how long things are kept."""

__all__ = [
    "CHECKPOINTS",
    "CPU_QUEUE",
    "ENDED",
    "GPU_QUEUE",
    "INDEX",
    "KEPT_S",
    "QUEUES",
    "SPEC_VERSION",
    "WORKER_GPUS",
    "attempt_key",
    "cancel_key",
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
ENDED = frozenset({"finished", "failed", "stopped", "canceled"})
"""The states, in RQ's words, of jobs that will not go on."""


WORKER_GPUS = "onehot_gpus"
"""The field of a worker's hash with the number of its GPUs, where it knows it."""
SPEC_VERSION = 1
"""Of the specs in jobs: raised with every change after which a trainer may misunderstand a newer spec."""


def attempt_key(job_id: str) -> str:
    """The key that holds the name of the attempt that counts."""
    return f"onehot:job:{job_id}:attempt"


def cancel_key(job_id: str) -> str:
    """The key that, while it exists, asks a job to stop."""
    return f"onehot:job:{job_id}:cancel"


def publishing_key(job_id: str) -> str:
    """The key that holds the attempt that publishes: too late to cancel."""
    return f"onehot:job:{job_id}:publishing"
