"""What a job reports on the queue's server: events for those who follow it, and its meta for those who ask.

`onehot:job:<id>:events` holds one JSON object for each epoch and one for the end, each exactly once: a command that is
sent again because its answer was lost adds nothing. A job is given as RQ's `Job`, which this package does not import.
"""

import json
from typing import Any

from models.queue.names import ENDED, KEPT_S

__all__ = ["APPEND", "add_end", "add_event", "events_key", "write_error", "write_meta"]

APPEND = """
if redis.call('LINDEX', KEYS[1], -1) == ARGV[1] then return 0 end
redis.call('RPUSH', KEYS[1], ARGV[1])
return redis.call('EXPIRE', KEYS[1], ARGV[2])
"""
"""KEYS: of the list. ARGV: the event, seconds to keep the list."""


def events_key(job_id: str) -> str:
    """The list of a job's events; an event's index is its id."""
    return f"onehot:job:{job_id}:events"


def add_event(connection: Any, job_id: str, event: dict[str, Any]) -> None:
    """Append an event to a job's list, unless it is the last one there."""
    connection.eval(APPEND, 1, events_key(job_id), json.dumps(event), KEPT_S)


def add_end(job: Any) -> None:
    """Append the last event, when the job has ended."""
    status = job.get_status()
    if status in ENDED:
        add_event(job.connection, job.id, {"event": "end", "status": status.value})


def write_meta(job: Any, **values: Any) -> None:
    """Change a job's meta; what others wrote into it since stays."""
    job.meta = {**job.get_meta(), **values}
    job.save_meta()


def write_error(job: Any, error: BaseException) -> None:
    """Write into a job's meta why it failed: the type and the message of an error of ours."""
    write_meta(job, error={"type": type(error).__name__, "message": str(error)})
