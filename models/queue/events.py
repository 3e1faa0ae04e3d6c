"""What a job reports on the queue's server: events for those who follow it, and its meta for those who ask.

`onehot:job:<id>:events` holds one JSON object for each epoch and one for the end, each exactly once: a command that is
sent again because its answer was lost adds nothing. Epochs of a cross-validation are events `fold`, before those of
the version's own, which are events `epoch`. Only the newest are kept; as every epoch has one, ids follow from the epoch
of the first that is left and those that were trained before. A job is given as RQ's `Job`, which is not imported here.
"""

import json
from collections.abc import Mapping
from typing import Any

from models.queue.names import (
    ENDED,
    ENDED_COUNTS,
    EVENTS_KEPT_S,
    KEPT_S,
    MARKS_KEPT_S,
    MOST_EVENTS,
    attempt_key,
    cancel_key,
    publishing_key,
)

__all__ = [
    "APPEND", "add_end", "add_event", "epochs_told", "events_key", "fold_in_words", "read_events", "write_error",
    "write_meta",
]  # fmt: skip

APPEND = f"""
if redis.call('LINDEX', KEYS[1], -1) == ARGV[1] then return 0 end
redis.call('RPUSH', KEYS[1], ARGV[1])
redis.call('LTRIM', KEYS[1], -{MOST_EVENTS}, -1)
return redis.call('EXPIRE', KEYS[1], ARGV[2])
"""
"""KEYS: of the list. ARGV: the event, seconds to keep the list."""
READ = """
local first = redis.call('LINDEX', KEYS[1], 0)
if not first then return {0} end
local event = cjson.decode(first)
local first_id = (event.epoch or 1) - 1 + (event.trained_before or 0)
local start = math.max(ARGV[1] - first_id, 0)
return {first_id + start, redis.call('LRANGE', KEYS[1], start, start + ARGV[2] - 1)}
"""
"""KEYS: of the list. ARGV: the id of the first event that is asked for, how many."""


def epochs_told(progress: Mapping[str, Any]) -> int:
    """How many epochs a job had when it told this: of the version's training, and of others before it."""
    return int(progress.get("epoch") or 0) + int(progress.get("trained_before") or 0)


def fold_in_words(progress: Mapping[str, Any]) -> str:
    """Which training of a cross-validation an epoch belongs to; empty of the version's own."""
    fold = progress.get("fold")
    if not isinstance(fold, Mapping):
        return ""
    names = [(name, fold[name], fold[f"{name}s"]) for name in ("repeat", "fold") if fold.get(f"{name}s", 1) > 1]
    return " ".join(f"{name} {number}/{count}" for name, number, count in names)


def events_key(job_id: str) -> str:
    """The list of a job's events."""
    return f"onehot:job:{job_id}:events"


def add_event(connection: Any, job_id: str, event: dict[str, Any], *, kept_s: int = KEPT_S) -> bool:
    """Append an event to a job's list, unless it is the last one there; whether it was appended."""
    return bool(connection.eval(APPEND, 1, events_key(job_id), json.dumps(event), kept_s))


def read_events(connection: Any, job_id: str, start: int, count: int) -> tuple[int, list[bytes]]:
    """The events that are left from the id `start` on, and the id of the first of them."""
    first_id, *events = connection.eval(READ, 1, events_key(job_id), start, count)
    return int(first_id), events[0] if events else []


def add_end(job: Any) -> None:
    """Append the last event, when the job has ended; count it, and keep what only a job that runs needs no longer."""
    status = job.get_status()
    if status not in ENDED:
        return
    end = {"event": "end", "status": status.value}
    if add_event(job.connection, job.id, end, kept_s=EVENTS_KEPT_S):
        job.connection.hincrby(ENDED_COUNTS, f"{job.origin}:{status.value}", 1)
        for key in (attempt_key(job.id), publishing_key(job.id), cancel_key(job.id)):
            job.connection.expire(key, MARKS_KEPT_S)


def write_meta(job: Any, **values: Any) -> None:
    """Change a job's meta; what others wrote into it since stays."""
    job.meta = {**job.get_meta(), **values}
    job.save_meta()


def write_error(job: Any, error: BaseException) -> None:
    """Write into a job's meta why it failed: the type and the message of an error of ours."""
    write_meta(job, error={"type": type(error).__name__, "message": str(error)})
