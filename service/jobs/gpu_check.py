"""Whether any worker could train what asks for GPUs, before it is queued."""

from typing import Any

from redis import Redis
from rq.job import Job

from models.errors import Problem, SpecError
from models.queue.names import GPU_QUEUE, WORKER_GPUS
from models.spec import Spec

__all__ = ["check_gpus"]


def check_gpus(spec: Spec, job_id: str, connection: Redis, *, most: int = 0) -> None:
    """Refuse a new job that asks for more GPUs than there are.

    Args:
        spec: Its spec.
        job_id: Its id; a job that is there already is not refused.
        connection: To the queue's server.
        most: As many as a training may ask for; 0 for as many as the largest worker has.

    Raises:
        SpecError: When it asks for more. Where no worker is there, or one does not say what it has, it is queued.
    """
    gpus = spec.resources.gpus
    if not gpus:
        return
    limit = most or _largest(connection)
    why = "as ONEHOT_MAX_GPUS says" if most else f"as the largest worker of {GPU_QUEUE} has"
    if limit is not None and gpus > limit and not Job.exists(job_id, connection=connection):
        raise SpecError([Problem("resources.gpus", f"at most {limit}, {why}", str(gpus))])


def _largest(connection: Redis) -> int | None:
    """The GPUs of the worker that has most of them; None where that is not known."""
    workers: Any = connection.smembers(f"rq:workers:{GPU_QUEUE}")
    with connection.pipeline(transaction=False) as pipeline:
        for worker in workers:
            pipeline.hmget(worker, "birth", WORKER_GPUS)
        alive = [gpus for birth, gpus in pipeline.execute() if birth is not None]
    return max(map(int, alive)) if alive and None not in alive else None
