"""The events of a job as server-sent events: one for each epoch, then the end; a reconnect goes on where it was."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import orjson

from models.errors import InputError, shown
from models.queue.events import events_key
from models.queue.names import ENDED
from service.errors import JobNotFound, QueueUnavailable
from service.jobs.training_queue import Jobs, translated_errors

__all__ = ["END", "follow", "has_seen_end", "read_last_event_id"]

END = "end"
POLL_S = 0.2
HEARTBEAT_S = 15.0
BATCH = 100
MOST_DIGITS = 9
RECONNECT = b"retry: 1000\n\n"
HEARTBEAT = b": still here\n\n"


def read_last_event_id(text: str | None) -> int:
    """The index of the first event that a client has not seen which sends this `Last-Event-ID`.

    Raises:
        InputError: When it is no id of ours.
    """
    if not text:
        return 0
    if not (text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS):
        raise InputError(where="Last-Event-ID", expected="the id of an event of this job", received=shown(text))
    return int(text) + 1


def has_seen_end(jobs: Jobs, job_id: str, *, start: int) -> bool:
    """Whether a client that asks for the events from `start` on has had the last one already."""
    if jobs.status(job_id) not in ENDED or start == 0:
        return False
    before = _read(jobs, job_id, start - 1)
    # Nothing there: that was the end that `follow` adds when the trainer could not report it.
    return not before or before[0].get("event") == END


def follow(jobs: Jobs, job_id: str, *, start: int, is_ending: Callable[[], bool] = lambda: False) -> Iterator[bytes]:
    """Yield a job's events from the index `start` to its end, as chunks of a `text/event-stream`.

    It ends early when the queue is away or the service is about to end, so that the client comes again.
    """
    yield RECONNECT
    index, silent_s = start, 0.0
    while not is_ending():
        try:
            # The status first: an event that comes after it was read is found in the next round.
            status = jobs.status(job_id)
            events = _read(jobs, job_id, index)
        except (QueueUnavailable, JobNotFound):
            return
        if not events and status in ENDED:
            events = [{"event": END, "status": status}]
        for event in events:
            yield _chunk(index, event)
            index += 1
        if events and events[-1].get("event") == END:
            return
        silent_s = 0.0 if events else silent_s + POLL_S
        if silent_s >= HEARTBEAT_S:
            silent_s = 0.0
            yield HEARTBEAT
        time.sleep(POLL_S)


def _read(jobs: Jobs, job_id: str, index: int) -> list[dict[str, Any]]:
    with translated_errors():
        raw = jobs.connection.lrange(events_key(job_id), index, index + BATCH - 1)
    return [orjson.loads(one) for one in raw]


def _chunk(index: int, event: dict[str, Any]) -> bytes:
    name = str(event.get("event", "message"))
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (index, name.encode(), orjson.dumps(event))
