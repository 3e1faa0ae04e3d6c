"""The events of a job: server-sent events, followed across lost connections."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
from httpx_sse import EventSource

from onehot.client import Service
from onehot.failures import ServiceRefused, ServiceUnreachable, WorkFailed

__all__ = ["END", "EPOCH", "ServerEvent", "follow_events", "read_events"]

END = "end"
EPOCH = "epoch"
UNNAMED = "message"
"""The name of an event that the stream gives none."""
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0
GIVE_UP_S = 60.0
STEADY_S = 10.0
PASSING_STATUSES = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One server-sent event: its id (where it has one), its name, and its JSON data."""

    id: str | None
    name: str
    data: dict[str, Any]


def read_events(answer: httpx.Response) -> Iterator[ServerEvent]:
    """Read a `text/event-stream`; comments and events without JSON data are left out."""
    for event in EventSource(answer).iter_sse():
        try:
            data = event.json()
        except ValueError:
            continue
        if isinstance(data, dict):
            name = str(data.get("event", UNNAMED)) if event.event == UNNAMED else event.event
            yield ServerEvent(event.id or None, name, data)


def follow_events(service: Service, job_id: str) -> Iterator[ServerEvent]:
    """Yield a job's events from its first to its end, each once, connecting again where the connection is lost.

    Raises:
        ServiceUnreachable: When nothing comes of it for a minute; the job goes on all the same.
        ServiceRefused: When there is no such job.
    """
    last_id: str | None = None
    pause_s, lost_since_s = FIRST_PAUSE_S, time.monotonic()
    while True:
        opened_s = time.monotonic()
        lost: WorkFailed = ServiceUnreachable(service.url, "it ends the stream of events early")
        try:
            for event in _open(service, job_id, last_id):
                pause_s, opened_s = FIRST_PAUSE_S, -math.inf
                last_id = event.id if event.id is not None else last_id
                yield event
                if event.name == END:
                    return
        except (ServiceUnreachable, ServiceRefused) as error:
            if isinstance(error, ServiceRefused) and error.status not in PASSING_STATUSES:
                raise
            lost = error
        now_s = time.monotonic()
        if now_s - opened_s > STEADY_S:  # it was worth something: an event came, or it lasted
            lost_since_s = now_s
        if now_s - lost_since_s > GIVE_UP_S:
            raise lost
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


def _open(service: Service, job_id: str, last_id: str | None) -> Iterator[ServerEvent]:
    """One connection's events, after the one that was seen last; an end when there are no more."""
    headers = {"Accept": "text/event-stream", **({"Last-Event-ID": last_id} if last_id is not None else {})}
    with service.stream(f"/v1/jobs/{job_id}/events", headers=headers) as answer:
        if answer.status_code == httpx.codes.NO_CONTENT:
            yield ServerEvent(None, END, {})
        else:
            yield from read_events(answer)
