"""Clients that stall, send without end, or are too many. `make soak`: twice the load for 60 s."""

import gzip
import os
import socket
import time
from collections.abc import Sequence

import pytest

from tests.e2e.service.load import Sample, load, percentile_s

STALLED = 200
OVERLOAD_S = float(os.environ.get("LOAD_S", "2"))
WINDOW_S = 2.0
TURN_S = 2.0
SETTLE_S = 1.5
"""In which the service takes what the stalled clients do send, and fills their buffers."""
ROUNDS = 3
"""Other things go on on the machine: a bound on a ratio must hold in one of so many rounds."""
HEAD = b"POST /v1/models/classic:predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
LARGE_ANSWER = b"GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n" * 8


def between(samples: Sequence[Sample], from_s: float, to_s: float) -> list[Sample]:
    return [one for one in samples if from_s <= one.sent_s < to_s]


def stall(service, number: int) -> socket.socket:
    """Half a head, half a body, or a request for more than fits into the buffers, whose answer is never read."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", service.port))
    half_body = HEAD + b'Content-Length: 1000\r\n\r\n{"inst'
    connection.sendall((HEAD[:40], half_body, LARGE_ANSWER)[number % 3])
    return connection


def test_stalled_clients_slow_no_other_down(serve, publish_next, order_for) -> None:
    """200 of them: the others' p99 stays under twice its undisturbed value just before."""
    publish_next()
    service = serve()
    ratios: list[float] = []
    while len(ratios) < ROUNDS and min(ratios, default=2) >= 2:
        with load(order_for(service, rate=500)) as running:
            time.sleep(1)
            quiet_s = time.monotonic()
            time.sleep(TURN_S)
            stalled = [stall(service, number) for number in range(STALLED)]
            time.sleep(SETTLE_S)
            crowded_s = time.monotonic()
            time.sleep(TURN_S)
            samples = running.stop()
        for connection in stalled:
            connection.close()
        assert [one for one in samples if not one.is_right] == []
        quiet, crowded = (
            percentile_s(between(samples, from_s, from_s + TURN_S)) for from_s in (quiet_s, crowded_s)
        )  # fmt: skip
        ratios.append(crowded / quiet)
    print(f"p99 with {STALLED} stalled clients: {', '.join(f'{ratio:.2f}' for ratio in ratios)} × undisturbed")
    assert min(ratios) < 2


def test_who_does_not_read_is_given_up_on(serve, publish_next, wait_until) -> None:
    """As long as a request may take; then the connection is closed."""
    publish_next()
    service = serve(ONEHOT_REQUEST_TIMEOUT_S="1", ONEHOT_WORKERS="1")
    (worker,) = service.workers
    stalled = [stall(service, number) for number in range(30)]
    established = lambda: [one for one in worker.net_connections("tcp") if one.status == "ESTABLISHED"]  # noqa: E731
    wait_until(lambda: len(established()) == len(stalled), what="all are connected")
    wait_until(lambda: not established(), what="none is left", deadline_s=60)
    for connection in stalled:
        connection.close()
    assert service.predict().status_code == 200


def send_until_refused(service, head: bytes, piece: bytes) -> bytes:
    """Send without end, until an answer comes; the answer."""
    with service.connect() as connection:
        connection.sendall(head)
        connection.settimeout(0.001)
        deadline_s = time.monotonic() + 30
        while time.monotonic() < deadline_s:
            try:
                return connection.recv(65536)
            except TimeoutError:
                connection.settimeout(30)
                connection.sendall(piece)
                connection.settimeout(0.001)
        raise AssertionError("it is still reading")


BOMB = gzip.compress(bytes(2**28), 9)
PIECE = b"[" * 2**16
ENDLESS = {
    "chunked": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"%x\r\n%b\r\n" % (len(PIECE), PIECE)),
    "announced": (HEAD + b"Content-Length: 99999999999\r\n\r\n", PIECE),
    "gzip bomb": (
        HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB), BOMB,
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", ENDLESS)
def test_a_body_without_end_is_a_413_and_takes_no_memory(serve, publish_next, kind) -> None:
    """However it is sent."""
    publish_next()
    service = serve(ONEHOT_MAX_BODY_BYTES="1000000", ONEHOT_WORKERS="1")
    assert service.predict().status_code == 200
    before = service.memory_bytes()
    for _ in range(5):
        assert send_until_refused(service, *ENDLESS[kind]).startswith(b"HTTP/1.1 413 ")
    assert service.memory_bytes() - before < 16e6
    assert service.predict().status_code == 200


def test_more_than_it_can_carry_is_refused_and_the_rest_is_as_quick_as_ever(serve, publish_next, order_for) -> None:
    """Twice as many at one time: 429s, twice the p99 at most, and full speed again within 2 s."""
    publish_next()
    carried = 8
    service = serve(ONEHOT_WORKERS="1", ONEHOT_MAX_IN_FLIGHT=str(carried))
    outcomes = []
    for _ in range(ROUNDS):
        with load(order_for(service, connections=carried)) as running:
            time.sleep(1 + WINDOW_S)
            with load(order_for(service, connections=carried, backs_off=True)) as more:
                time.sleep(OVERLOAD_S)
                extra = more.stop()
            ended_s = time.monotonic()
            time.sleep(2 + WINDOW_S)
            samples = running.stop()
        outcomes.append(_outcome(samples, extra, (running.started_s + 1, more.started_s, ended_s)))
        if outcomes[-1][1] < 2 and outcomes[-1][2] > 0.8:
            break
    print("; ".join(f"{n} refused, p99 {p99:.2f} ×, afterwards {speed:.2f} × the speed" for n, p99, speed in outcomes))
    assert all(refused > 0 for refused, _, _ in outcomes)
    assert min(p99 for _, p99, _ in outcomes) < 2
    assert max(speed for _, _, speed in outcomes) > 0.8


def _outcome(samples, extra, times: tuple[float, float, float]) -> tuple[int, float, float]:
    began_s, more_s, ended_s = times
    assert {one.status for one in (*samples, *extra)} <= {200, 429}
    assert [one for one in (*samples, *extra) if one.status == 200 and not one.is_right] == []
    quiet = between(samples, began_s, more_s)
    crowded = between([*samples, *extra], more_s + 0.5, ended_s)
    afterwards = between(samples, ended_s + 2, ended_s + 2 + WINDOW_S)
    refused = sum(one.status == 429 for one in crowded)
    speeds = [sum(one.status == 200 for one in some) / span_s for some, span_s in
              ((quiet, more_s - began_s), (afterwards, WINDOW_S))]  # fmt: skip
    return refused, percentile_s(crowded) / percentile_s(quiet), speeds[1] / speeds[0]
