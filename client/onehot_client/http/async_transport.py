"""Attempts sent by httpx' asynchronous client."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx
from httpx_sse import EventSource

from onehot_client.http.calls import Body, Call
from onehot_client.http.event_reader import END, Event, event_of
from onehot_client.http.httpx_requests import STREAM_SILENCE_S, Address, failure_of, response_of, too_late
from onehot_client.http.retries import Action, Outcome, Pause, error_of

__all__ = ["AsyncTransport"]


class AsyncTransport:
    """Connections to one service, kept open between calls; of one event loop.

    Args:
        address: Of the service.
    """

    def __init__(self, address: Address) -> None:
        self.address = address
        self._http = httpx.AsyncClient(**address.options())

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def do(self, action: Action) -> Outcome | None:
        """Send an attempt, or wait for a pause to pass."""
        if isinstance(action, Pause):
            await asyncio.sleep(action.seconds)
            return None
        if action.left_s == 0:
            return too_late(self.address.url)
        call = action.call
        content = _pieces(call.content) if isinstance(call.content, Body) else call.content
        try:
            answer = await self._http.send(self.address.request(call, content, action.left_s))
        except httpx.HTTPError as error:
            return failure_of(self.address.url, error)
        return response_of(answer, self.address.where(call))

    @asynccontextmanager
    async def events(self, path: str, headers: Mapping[str, str]) -> AsyncIterator[AsyncIterator[Event]]:
        """Open a stream of events; a long silence counts as a lost connection.

        Raises:
            ServiceUnreachable: When nothing answers, or the connection is lost.
            ServiceError: When the answer is an error.
        """
        call = Call("GET", path, headers=headers)
        request = self.address.request(call, b"", STREAM_SILENCE_S)
        try:
            answer = await self._http.send(request, stream=True)
            try:
                if not answer.is_success:
                    await answer.aread()
                    raise error_of(response_of(answer, self.address.where(call)))
                yield _events(answer)
            finally:
                await answer.aclose()
        except httpx.HTTPError as error:
            raise failure_of(self.address.url, error).error() from error


async def _pieces(body: Body) -> AsyncIterator[bytes]:
    """The pieces of a body, each read in a thread: a slow disk keeps no other call waiting."""
    pieces = body.pieces()
    while piece := await asyncio.to_thread(next, pieces, b""):
        yield piece


async def _events(answer: httpx.Response) -> AsyncIterator[Event]:
    """The events of an answer; an end when there are no more."""
    if answer.status_code == httpx.codes.NO_CONTENT:
        yield Event(None, END, {})
        return
    async for sent in EventSource(answer).aiter_sse():
        if (event := event_of(sent.id, sent.event, sent.data)) is not None:
            yield event
