"""A job's events over a socket: a reconnect goes on where it was, and listeners hold nothing up."""

import json
import signal
from contextlib import ExitStack

import pytest
from redis import Redis

from tests.contract.live import live
from tests.timing import not_waiting_for

SPEC = {
    "model": "mine",
    "data": {"source": "sklearn://iris"},
    "layers": [{"Dense": {"units": 3, "activation": "softmax"}}],
    "compile": {"optimizer": "adam", "loss": "categorical_crossentropy"},
}
PREDICT = "/v1/models/classic:predict", json.dumps({"instances": [[1, 2, 3, 4, 5, 6, 7, 8]]}).encode()
DRAIN_S = 60
"""How long the service would wait for a stream that it did not end by itself."""


@pytest.fixture(scope="module")
def service(one_of_each, redis_server, tmp_path_factory):
    """A service that answers two requests at one time; the last test ends it."""
    settings = {"ONEHOT_REDIS_URL": redis_server, "ONEHOT_MAX_IN_FLIGHT": "2", "ONEHOT_DRAIN_S": str(DRAIN_S)}
    with live(one_of_each, tmp_path_factory.mktemp("streams"), **settings) as running:
        yield running


@pytest.fixture
def job(service, redis_server):
    """A job that waits, with three epochs told."""
    answer = service.ask("POST", "/v1/jobs", json.dumps(SPEC).encode(), Content_Type="application/json")
    job_id = json.loads(answer.body)["id"]
    with Redis.from_url(redis_server) as queue:
        events = [json.dumps({"event": "epoch", "epoch": number}) for number in (1, 2, 3)]
        queue.rpush(f"onehot:job:{job_id}:events", *events)
    return job_id


def follow(service, job_id, **headers):
    connection = service.raw()
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    connection.sendall(f"GET /v1/jobs/{job_id}/events HTTP/1.1\r\nHost: x\r\n{lines}\r\n".encode())
    return connection


def read_to(connection, mark):
    received = b""
    while mark not in received:
        piece = connection.recv(65536)
        assert piece, received
        received += piece
    return received.decode()


def test_a_reconnect_goes_on_after_the_last_event_that_came(service, job):
    """By its id; nothing twice, nothing lost."""
    with follow(service, job) as connection:
        first = read_to(connection, b'"epoch":3')
    with follow(service, job, Last_Event_ID=1) as connection:
        again = read_to(connection, b'"epoch":3')
    assert [f"id: {number}\n" in first for number in range(3)] == [True, True, True]
    assert [f"id: {number}\n" in again for number in range(3)] == [False, False, True]


def test_those_who_listen_take_no_place_and_are_let_go_at_the_end(service, job):
    """Ten of them; the service ends at once all the same, and each stream ends as one that is whole."""
    with ExitStack() as opened:
        connections = []
        for _ in range(10):
            connections.append(opened.enter_context(follow(service, job)))
            read_to(connections[-1], b'"epoch":3')
        assert service.ask("POST", *PREDICT).status == 200
        with not_waiting_for("the end of the streams", lasts_s=DRAIN_S):
            service.process.send_signal(signal.SIGTERM)
            for connection in connections:
                read_to(connection, b"0\r\n\r\n")
            assert service.process.wait(timeout=2 * DRAIN_S) == 0
