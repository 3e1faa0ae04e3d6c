"""Which attempt of a job counts: the last one that began. `onehot:job:<id>:attempt` holds its name.

A worker that was cut off may come back while another one trains its job already. An attempt that is not named there
trains no further, publishes nothing and reports nothing more about the job.
"""

from typing import Any

from redis import Redis

from models.queue.names import KEPT_S, attempt_key, cancel_key, publishing_key

__all__ = ["ATTEMPT_VARIABLE", "begin_attempt", "is_cancellable", "stop_requests"]

ATTEMPT_VARIABLE = "RQ_EXECUTION_ID"
"""The environment variable with a work-horse's attempt; RQ's own for the workers that spawn."""


def begin_attempt(connection: Redis, job_id: str, attempt: str) -> None:
    """From now on this attempt counts, and no earlier one."""
    connection.set(attempt_key(job_id), attempt, ex=KEPT_S)


def stop_requests(connection: Redis, job_id: str, attempt: str) -> tuple[bool, bool]:
    """Whether the attempt is superseded, and whether the job is to be canceled."""
    current, cancel = connection.mget(attempt_key(job_id), cancel_key(job_id))
    return _text(current) not in ("", attempt), cancel is not None


def is_cancellable(connection: Redis, job_id: str, attempt: str) -> bool:
    """Whether the job is to be canceled, and the attempt does not publish yet."""
    cancel, publishing = connection.mget(cancel_key(job_id), publishing_key(job_id))
    return cancel is not None and _text(publishing) != attempt


def _text(raw: Any) -> str:
    return raw.decode() if raw else ""
