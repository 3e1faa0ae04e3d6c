"""What the service and the trainer agree on about the queue's server: names, keys, how long things are kept."""

__all__ = [
    "CHECKPOINTS",
    "CPU_QUEUE",
    "ENDED",
    "ENDED_COUNTS",
    "EVENTS_KEPT_S",
    "FAILURE_TTL_S",
    "GPU_QUEUE",
    "INDEX",
    "KEPT_S",
    "MARKS_KEPT_S",
    "MOST_EVENTS",
    "QUEUES",
    "RESULT_TTL_S",
    "SEARCHES_KNOWN",
    "SEARCH_JOBS",
    "SEARCH_SPEC_VERSION",
    "SPEC_VERSION",
    "UNRECORDED",
    "WORKER_GPUS",
    "attempt_key",
    "cancel_key",
    "publishing_key",
]

CPU_QUEUE = "train"
GPU_QUEUE = "train-gpu"
QUEUES = (CPU_QUEUE, GPU_QUEUE)
KEPT_S = 30 * 24 * 3600
"""How long the events and the marks of a job that runs are kept after the last of them."""
RESULT_TTL_S = 3 * 24 * 3600
"""How long the queue keeps a job that finished; its record in the store stays."""
FAILURE_TTL_S = 7 * 24 * 3600
"""How long it keeps one that failed or was canceled."""
EVENTS_KEPT_S = 3600
"""How long the events of a job are kept after its end: clients that follow come back in this time."""
MARKS_KEPT_S = 3 * 24 * 3600
"""How long the marks of a job are kept after its end: an attempt that was cut off finds them when it comes back."""
MOST_EVENTS = 1000
"""The newest events of a job that are kept."""
INDEX = "onehot:jobs"
"""Sorted set: job id → when it was submitted. RQ's own registries are ordered by when a job is forgotten."""
CHECKPOINTS = "onehot:checkpoints"
"""Set of `model/job id`: who may have checkpoints in the store."""
UNRECORDED = "onehot:unrecorded"
"""Set of `model/job id`: which trainings that began have no record in the store yet."""
SEARCH_JOBS = "onehot:search-jobs"
"""Set of `model/search id/job id`: jobs of whose end their searches have not heard."""
SEARCHES_KNOWN = "onehot:searches-known"
"""There unless the queue's server is new, or has forgotten everything: then the store is asked which searches run."""
ENDED_COUNTS = "onehot:ended"
"""Hash: `queue:status` → how many jobs ended so."""
ENDED = frozenset({"finished", "failed", "stopped", "canceled"})
"""The states, in RQ's words, of jobs that will not go on."""


WORKER_GPUS = "onehot_gpus"
"""The field of a worker's hash with the number of its GPUs, where it knows it."""
SPEC_VERSION = 1
"""Of the specs in jobs: raised with every change after which a trainer may misunderstand a newer spec."""
SEARCH_SPEC_VERSION = 2
"""Of jobs of searches, which trainers that know only trainings give back."""


def attempt_key(job_id: str) -> str:
    """The key that holds the name of the attempt that counts."""
    return f"onehot:job:{job_id}:attempt"


def cancel_key(job_id: str) -> str:
    """The key that, while it exists, asks a job to stop."""
    return f"onehot:job:{job_id}:cancel"


def publishing_key(job_id: str) -> str:
    """The key that holds the attempt that publishes: too late to cancel."""
    return f"onehot:job:{job_id}:publishing"
