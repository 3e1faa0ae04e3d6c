"""Attempts sent by httpx' blocking client."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx
from httpx_sse import EventSource

from onehot_client.http.calls import Body, Call
from onehot_client.http.event_reader import END, Event, event_of
from onehot_client.http.httpx_requests import STREAM_SILENCE_S, Address, failure_of, response_of, too_late
from onehot_client.http.retries import Action, Outcome, Pause, error_of

__all__ = ["BlockingTransport", "events_of"]


class BlockingTransport:
    """Connections to one service, kept open between calls; may be used by several threads.

    Args:
        address: Of the service.
    """

    def __init__(self, address: Address) -> None:
        self.address = address
        self._http = httpx.Client(**address.options())

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def do(self, action: Action) -> Outcome | None:
        """Send an attempt, or wait for a pause to pass."""
        if isinstance(action, Pause):
            time.sleep(action.seconds)
            return None
        if action.left_s == 0:
            return too_late(self.address.url)
        call = action.call
        content = call.content.pieces() if isinstance(call.content, Body) else call.content
        try:
            answer = self._http.send(self.address.request(call, content, action.left_s))
        except httpx.HTTPError as error:
            return failure_of(self.address.url, error)
        return response_of(answer, self.address.where(call))

    @contextmanager
    def events(self, path: str, headers: Mapping[str, str]) -> Iterator[Iterator[Event]]:
        """Open a stream of events; a long silence counts as a lost connection.

        Raises:
            ServiceUnreachable: When nothing answers, or the connection is lost.
            ServiceError: When the answer is an error.
        """
        call = Call("GET", path, headers=headers)
        request = self.address.request(call, b"", STREAM_SILENCE_S)
        try:
            answer = self._http.send(request, stream=True)
            try:
                if not answer.is_success:
                    answer.read()
                    raise error_of(response_of(answer, self.address.where(call)))
                yield events_of(answer)
            finally:
                answer.close()
        except httpx.HTTPError as error:
            raise failure_of(self.address.url, error).error() from error


def events_of(answer: httpx.Response) -> Iterator[Event]:
    """The events of an answer; an end when there are no more."""
    if answer.status_code == httpx.codes.NO_CONTENT:
        yield Event(None, END, {})
        return
    for sent in EventSource(answer).iter_sse():
        if (event := event_of(sent.id, sent.event, sent.data)) is not None:
            yield event
