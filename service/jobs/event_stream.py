"""The events of a job as server-sent events: one for each epoch, then the end; a reconnect goes on where it was."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import orjson

from models.errors import InputError, shown
from models.queue.events import epochs_told, read_events
from models.queue.names import ENDED
from service.errors import JobNotFound, QueueUnavailable
from service.jobs.training_queue import Jobs, translated_errors

__all__ = ["END", "HEARTBEAT", "HEARTBEAT_S", "chunks_of", "follow", "has_seen_end", "read_last_event_id"]

END = "end"
POLL_S = 0.2
HEARTBEAT_S = 15.0
BATCH = 100
MOST_DIGITS = 9
RECONNECT = b"retry: 1000\n\n"
HEARTBEAT = b": still here\n\n"


Event = dict[str, Any]
EventsLeft = Callable[[str, str, int], tuple[int, list[Event]]]


def only_end(_job_id: str, status: str, start: int) -> tuple[int, list[Event]]:
    """Of a job that has ended: nothing but its end is left."""
    return start, [{"event": END, "status": status}]


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
    job = jobs.get(job_id)
    if job["status"] not in ENDED or start == 0:
        return False
    _, before = _read(jobs, job_id, start - 1)
    if before:
        return bool(before[0].get("event") == END)
    # The queue keeps events for a while only; the end is the one behind the last epoch.
    return start > epochs_told(job["progress"] or {})


def follow(
    jobs: Jobs, job_id: str, *, start: int, left: EventsLeft = only_end, is_ending: Callable[[], bool] = lambda: False
) -> Iterator[bytes]:
    """Yield a job's events from the index `start` to its end, as chunks of a `text/event-stream`.

    It ends early when the queue is away or the service is about to end, so that the client comes again.

    Args:
        jobs: The queue.
        job_id: Of the job.
        start: The id of the first event that is asked for; older ones than are kept are passed over.
        left: Of a job's id, its status and an id: what is left from there on of a job that has ended, where the queue
            has nothing more.
        is_ending: Whether the service is about to end.
    """
    yield RECONNECT
    index, silent_s = start, 0.0
    while not is_ending():
        try:
            # The status first: an event that comes after it was read is found in the next round.
            status = jobs.status(job_id)
            index, events = _read(jobs, job_id, index)
        except (QueueUnavailable, JobNotFound):
            return
        if not events and status in ENDED:
            index, events = left(job_id, status, index)
        yield from chunks_of(index, events)
        index += len(events)
        if events and events[-1].get("event") == END:
            return
        silent_s = 0.0 if events else silent_s + POLL_S
        if silent_s >= HEARTBEAT_S:
            silent_s = 0.0
            yield HEARTBEAT
        time.sleep(POLL_S)


def _read(jobs: Jobs, job_id: str, index: int) -> tuple[int, list[Event]]:
    """The events from an index on, and the index of the first of them: the same, or later where it is gone."""
    with translated_errors():
        first, raw = read_events(jobs.connection, job_id, index, BATCH)
    return (first, [orjson.loads(one) for one in raw]) if raw else (index, [])


def chunks_of(index: int, events: list[Event]) -> Iterator[bytes]:
    """Events as chunks of a `text/event-stream`, the first of which has this index."""
    for number, event in enumerate(events, index):
        name = str(event.get("event", "message"))
        yield b"id: %d\nevent: %s\ndata: %s\n\n" % (number, name.encode(), orjson.dumps(event))
