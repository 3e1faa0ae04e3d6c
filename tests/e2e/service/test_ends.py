"""How workers and the service end under load. `make soak`: 20 kills."""

import json
import os
import signal
import threading
import time
from collections import Counter

import httpx
import pytest

from tests.e2e.service.conftest import connected_ports
from tests.e2e.service.load import NO_ANSWER, NOT_CONNECTED, load

KILLS = int(os.environ.get("KILLS", "4"))
EVERY_S = 1.0
"""Between two kills."""
LEAVE_S = 1.0
DRAIN_S = 60.0
"""How long connections would hold the service up if it waited for them."""


def test_a_killed_worker_takes_only_its_own_requests_with_it(serve, publish_next, order_for, wait_until) -> None:
    """What was counted stays counted, readiness never goes, and a new worker takes its place."""
    publish_next()
    service = serve()
    probed: Counter[int] = Counter()
    done = threading.Event()

    def probe() -> None:
        while not done.wait(0.05):
            try:
                probed[service.call("GET", "/readyz").status_code] += 1
            except httpx.TransportError:  # it was on the worker that was killed
                probed[NO_ANSWER] += 1

    probing = threading.Thread(target=probe)
    victims: set[int] = set()
    with load(order_for(service)) as running:
        probing.start()
        try:
            for number in range(KILLS):
                time.sleep(max(0.0, running.started_s + (number + 1) * EVERY_S - time.monotonic()))
                wait_until(lambda: len(service.workers) == 2 and all(map(connected_ports, service.workers)))
                victim = max(service.workers, key=lambda one: len(connected_ports(one)))
                victim.suspend()  # what is connected now is what it takes with it
                victims |= connected_ports(victim)
                victim.kill()
                wait_until(lambda gone=victim: gone not in service.workers, what="it is noticed")
        finally:
            done.set()
            probing.join()
        samples = running.stop()
    lost = [one for one in samples if not one.is_right]
    assert {one.status for one in lost} <= {NO_ANSWER}
    assert {one.port for one in lost} <= victims
    assert len(lost) <= 16 * KILLS
    assert set(probed) <= {200, NO_ANSWER}
    assert probed[NO_ANSWER] <= KILLS
    answered = sum(one.status == 200 for one in samples)
    assert answered <= service.sample("onehot_rows_total", model="classic") <= answered + len(lost)
    wait_until(lambda: service.sample("onehot_requests_in_flight") == 0, what="none is left in flight")
    print(f"{len(samples)} requests, {KILLS} kills, {len(lost)} requests lost with them")


def test_sigterm_answers_what_is_under_way_and_says_first_that_it_leaves(serve, publish_next, order_for) -> None:
    """Not ready while it still answers; then no connection is left, and the exit status is 0."""
    publish_next()
    service = serve(ONEHOT_LEAVE_S=str(LEAVE_S), ONEHOT_DRAIN_S=str(DRAIN_S))
    idle = [service.connect() for _ in range(8)]
    slow = service.connect()
    body = json.dumps({"instances": [[0.5] * 8]}).encode()
    slow.sendall(b"POST /v1/models/classic:predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n")
    slow.sendall(f"Content-Length: {len(body)}\r\n\r\n".encode() + body[:5])
    probe = service.connect()
    with load(order_for(service, reconnects=False)) as running:
        time.sleep(0.5)
        service.process.send_signal(signal.SIGTERM)
        told_s = time.monotonic()
        refused_s = None
        while refused_s is None:
            probe.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
            if probe.recv(65536).startswith(b"HTTP/1.1 503 "):
                refused_s = time.monotonic()
        slow.sendall(body[5:])
        assert slow.recv(65536).startswith(b"HTTP/1.1 200 ")
        assert service.process.wait(timeout=2 * DRAIN_S) == 0
        took_s = time.monotonic() - told_s
        samples = running.stop()
    for connection in (*idle, slow, probe):
        connection.close()
    assert [one for one in samples if not one.is_right] == []
    last_s = max(one.sent_s for one in samples)
    assert refused_s < last_s, "predictions were answered after readiness had gone"
    assert took_s < DRAIN_S, "idle connections do not hold it up"
    assert "Traceback" not in service.log
    print(
        f"not ready after {refused_s - told_s:.2f} s, answered until {last_s - told_s:.2f} s, ended in {took_s:.2f} s"
    )


def test_sighup_under_load_fails_nothing(serve, publish_next, order_for, wait_until) -> None:
    """Every worker is another one afterwards; a client that keeps its connections sees none of it."""
    publish_next()
    service = serve()
    with load(order_for(service)) as running:
        for _ in range(2):
            before = set(service.workers)
            service.process.send_signal(signal.SIGHUP)
            wait_until(lambda old=before: len(service.workers) == 2 and not old & set(service.workers))
            assert service.is_ready
        samples = running.stop()
    assert [one for one in samples if not one.is_right and one.status != NOT_CONNECTED] == []
    assert [one for one in samples if one.status == NOT_CONNECTED] == []
    assert "Traceback" not in service.log
    print(f"{len(samples)} requests while all workers were replaced twice")


def test_sigusr2_starts_no_second_parent(serve, publish_next, wait_until) -> None:
    """It would be the program once more, on the same socket; a line in the log says that there is none."""
    publish_next()
    service = serve()
    workers = {worker.pid for worker in service.workers}
    service.process.send_signal(signal.SIGUSR2)
    wait_until(lambda: "SIGUSR2 is ignored" in service.log, what="it is said")
    time.sleep(1.0)  # a second parent would be there by now
    assert {worker.pid for worker in service.workers} == workers
    assert service.predict().status_code == 200
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(timeout=30) == 0
    with pytest.raises(httpx.TransportError):
        service.call("GET", "/healthz")
