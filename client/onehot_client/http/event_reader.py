"""Server-sent events, followed across lost connections; what is read and waited for, without reading or waiting."""

import json
import math
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from onehot_client.errors import OnehotError, Overloaded, ServiceError, ServiceUnreachable, Unavailable

__all__ = ["END", "Event", "EventReader", "event_of"]

END = "end"
UNNAMED = "message"
"""The name of an event that the stream gives none."""
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0
GIVE_UP_S = 60.0
STEADY_S = 10.0


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event.

    Args:
        id: Where it has one.
        name: `epoch`, `end`, ….
        data: Its JSON object.
    """

    id: str | None
    name: str
    data: dict[str, Any]


def event_of(event_id: str, name: str, text: str) -> Event | None:
    """An event as it came; None where its data is no JSON object."""
    try:
        data = json.loads(text)
    except ValueError:
        return None
    if not isinstance(data, dict):
        return None
    return Event(event_id or None, str(data.get("event", UNNAMED)) if name == UNNAMED else name, data)


class EventReader:
    """How far a stream of events was read.

    Args:
        url: Of the service.
        path: Of the events.

    Attributes:
        has_ended: Whether the last event came.
    """

    def __init__(self, url: str, path: str) -> None:
        self.path = path
        self.has_ended = False
        self._url = url
        self._last_id: str | None = None
        self._pause_s = FIRST_PAUSE_S
        self._opened_s = self._lost_since_s = time.monotonic()

    def open(self) -> Mapping[str, str]:
        """The headers of the next connection."""
        self._opened_s = time.monotonic()
        seen = {} if self._last_id is None else {"Last-Event-ID": self._last_id}
        return {"Accept": "text/event-stream", **seen}

    def saw(self, event: Event) -> Event:
        """Note an event; returns it."""
        self._pause_s, self._opened_s = FIRST_PAUSE_S, -math.inf
        self._last_id = event.id if event.id is not None else self._last_id
        self.has_ended = event.name == END
        return event

    def pause_s(self, lost: OnehotError | None = None) -> float:
        """Seconds until the next connection, after one that was lost or ended early.

        Raises:
            OnehotError: What was lost, when that will not pass, or nothing has come for a minute.
        """
        if isinstance(lost, ServiceError) and not isinstance(lost, (Overloaded, Unavailable)):
            raise lost
        now_s = time.monotonic()
        if now_s - self._opened_s > STEADY_S:  # it was worth something: an event came, or it lasted
            self._lost_since_s = now_s
        if now_s - self._lost_since_s > GIVE_UP_S:
            raise lost or ServiceUnreachable(self._url, "it ends the stream of events early")
        pause_s, self._pause_s = self._pause_s, min(2 * self._pause_s, LONGEST_PAUSE_S)
        return pause_s * random.uniform(0.5, 1.0)  # noqa: S311 -- spreads callers, guards no secret
