"""The events of a job on the queue's server: whoever trains writes them, whoever follows reads them.

`onehot:job:<id>:events` holds one JSON object for each epoch and one for the end, each exactly once: a command that is
sent again because its answer was lost adds nothing.
"""

import json
from typing import Any

from models.queue.names import KEPT_S

__all__ = ["APPEND", "add_end", "add_event", "events_key"]

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
    """Append an event to a job's list, unless it is the last one there.

    Args:
        connection: A client of the queue's server, or a pipeline.
        job_id: Whose event it is.
        event: Plain values.
    """
    connection.eval(APPEND, 1, events_key(job_id), json.dumps(event), KEPT_S)


def add_end(connection: Any, job_id: str, status: str) -> None:
    """Append the last event."""
    add_event(connection, job_id, {"event": "end", "status": status})
