"""Both clients over a transport that answers by hand: what they share is tested without one."""

import asyncio
import json

import httpx
import numpy as np
import pytest
from onehot_client import (
    AsyncClient,
    Client,
    ConnectionLost,
    InvalidInput,
    NotFound,
    RetryPolicy,
    ServiceUnreachable,
    TrainingFailed,
)
from onehot_client.http import event_reader

from tests.unit.client.conftest import metadata, outputs

URL = "http://service:8501/ml"
QUICK = RetryPolicy(attempts=3, first_pause_s=0.001)
JOB = {"id": "7", "status": "finished", "result": {"model": "iris", "version": 1}}


class Blocking:
    """A blocking client."""

    def __init__(self, handler, **options):
        self._client = Client(URL, retries=QUICK, **options)
        self._client._transport._http = httpx.Client(transport=httpx.MockTransport(handler))

    def call(self, name, *arguments):
        """What a method returns."""
        with self._client as client:
            return getattr(client, name)(*arguments)

    def events(self, job):
        """All that come."""
        with self._client as client:
            return list(client.follow(job))


class Awaited:
    """An asynchronous client, each call on an event loop of its own."""

    def __init__(self, handler, **options):
        self._client = AsyncClient(URL, retries=QUICK, **options)
        self._client._transport._http = httpx.AsyncClient(transport=httpx.MockTransport(handler))

    def call(self, name, *arguments):
        """What a method returns."""

        async def ask():
            async with self._client as client:
                return await getattr(client, name)(*arguments)

        return asyncio.run(ask())

    def events(self, job):
        """All that come."""

        async def ask():
            async with self._client as client:
                return [event async for event in client.follow(job)]

        return asyncio.run(ask())


pytestmark = pytest.mark.parametrize("kind", [Blocking, Awaited])


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(event_reader, "FIRST_PAUSE_S", 0.001)
    monkeypatch.setattr(event_reader, "GIVE_UP_S", 0.02)


class Script:
    """Answers requests in this order, and keeps them; an exception is raised."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests = []

    def __call__(self, request):
        """The next answer."""
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def answer(ours):
    """One of the answers that operations are tested with, as httpx has it."""
    return httpx.Response(ours.status, headers=dict(ours.headers), content=ours.content)


def stream(*events, first_id=0):
    blocks = [f"id: {i}\nevent: {one['event']}\ndata: {json.dumps(one)}\n\n" for i, one in enumerate(events, first_id)]
    return httpx.Response(200, headers={"Content-Type": "text/event-stream"}, content="".join(blocks).encode())


EPOCHS = [{"event": "epoch", "epoch": number} for number in (1, 2)]
THE_END = {"event": "end", "status": "finished"}


def test_a_lost_connection_is_invisible(kind):
    """A prediction is sent again, also where its answer broke off."""
    lost = [httpx.ReadError("reset"), httpx.RemoteProtocolError("peer closed connection")]
    script = Script(httpx.ConnectError("refused"), answer(metadata()), *lost, answer(outputs([0.25, 0.75])))
    found = kind(script, api_key="oh_secret").call("predict", "pets", np.ones((1, 2)))
    assert found.classes.tolist() == ["dog"]
    assert [request.url.path for request in script.requests] == [
        *["/ml/v1/models/pets/metadata"] * 2, *["/ml/v1/models/pets:predict"] * 3,
    ]  # fmt: skip
    headers = script.requests[-1].headers
    assert (headers["X-API-Key"], headers["User-Agent"]) == ("oh_secret", "onehot-client/0.2.0")
    assert "Accept-Encoding" in headers


def test_a_service_that_stays_away_is_told(kind):
    """After as many tries as the policy has."""
    script = Script(*[httpx.ConnectError("[Errno 111] Connection refused")] * 3)
    with pytest.raises(ServiceUnreachable, match=r"no service answers at http://service:8501/ml \(connection refused"):
        kind(script).call("models")


def test_what_may_have_been_done_is_told_as_such(kind):
    """The service may have deleted it."""
    with pytest.raises(ConnectionLost, match="reset"):
        kind(Script(httpx.ReadError("reset"))).call("delete_version", "pets", 1)


def test_events_go_on_where_the_connection_was_lost(kind):
    """Each is seen once, and the last id that was seen is sent."""
    script = Script(stream(EPOCHS[0]), httpx.ReadError("reset"), stream(EPOCHS[1], THE_END, first_id=1))
    events = kind(script).events("7")
    assert [event.data for event in events] == [*EPOCHS, THE_END]
    assert [request.headers.get("Last-Event-ID") for request in script.requests] == [None, "0", "0"]


def test_no_content_is_the_end_of_events(kind):
    """The end was sent on a connection that was lost with it."""
    assert [event.name for event in kind(Script(stream(EPOCHS[0]), httpx.Response(204))).events("7")] == [
        "epoch",
        "end",
    ]


def test_events_of_no_job_are_told(kind):
    """Nothing is waited for."""
    with pytest.raises(NotFound, match="no job"):
        kind(Script(httpx.Response(404, json={"error": "no job '7'"}))).events("7")


def test_waiting_ends_with_the_job(kind):
    """Or with the reason that it published nothing."""
    assert kind(Script(stream(THE_END), httpx.Response(200, json=JOB))).call("wait", "7").version == 1
    failed = {"id": "7", "status": "failed", "error": {"message": "loss is NaN"}}
    with pytest.raises(TrainingFailed, match="job 7 failed: loss is NaN"):
        kind(Script(stream(THE_END), httpx.Response(200, json=failed))).call("wait", "7")


def test_an_upload_is_sent_again_from_its_beginning(kind, tmp_path):
    """With its length, so that what is too large is refused at once."""
    path = tmp_path / "a.csv"
    path.write_bytes(b"a\n1\n")
    kept = {"source": "dataset://9f", "name": "a.csv", "sha256": "9f"}
    script = Script(httpx.WriteError("reset"), httpx.Response(201, json=kept))
    assert kind(script).call("upload", path).source == "dataset://9f"
    assert [(request.url.query, request.headers["Content-Length"]) for request in script.requests] == [
        (b"name=a.csv", "4")
    ] * 2


@pytest.mark.parametrize("url", ["nonsense", "http://", "ftp://127.0.0.1", "http://[::1"])
def test_an_address_that_is_none_is_told(kind, url):
    """When the client is made."""
    with pytest.raises(InvalidInput, match=r"url: expected http://HOST:PORT"):
        {Blocking: Client, Awaited: AsyncClient}[kind](url)
