"""The real service's limits, counts and keys: gunicorn, two workers, a free port."""

import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from models.api_keys import ApiKeyFile
from tests.e2e.launching import Service, launching

ROW = [0.123456, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25]
WORKERS = 2


class LimitedService(Service):
    """One running service."""

    def predict(self, **options) -> httpx.Response:
        """One prediction of one row."""
        return self.call("POST", "/v1/models/classic:predict", json={"instances": [ROW]}, **options)

    def stall(self, head: str) -> socket.socket:
        """Send the beginning of a request, and no more."""
        connection = self.connect()
        connection.sendall(head.encode())
        return connection


@pytest.fixture
def start(store_folder: Path, tmp_path: Path, publish, wait_until) -> Iterator[Callable[..., LimitedService]]:
    """Start the service on a store with one version; it is stopped in the end."""
    publish()
    usual = {"ONEHOT_STORE": str(store_folder), "ONEHOT_POLL_S": "0.1", "ONEHOT_WORKERS": str(WORKERS)}
    with launching(LimitedService, tmp_path, wait_until=wait_until, **usual) as start:
        yield start


def answer_on(connection: socket.socket) -> str:
    """Read a JSON answer to its end, and hang up."""
    received = b""
    with connection:
        while not received.endswith(b"}"):
            received += connection.recv(65536) or b"}"
    return received.decode()


HEAD = "POST /v1/models/classic:predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize("rest", ["Content-Length: 100\r\n\r\n{", 'Transfer-Encoding: chunked\r\n\r\n5\r\n{"ins\r\n'])
def test_a_body_that_never_ends_is_a_504(start, wait_until, rest):
    """And no other request waits for it."""
    service = start(ONEHOT_REQUEST_TIMEOUT_S="0.5")
    stalled = [service.stall(HEAD + rest) for _ in range(20)]
    assert service.predict().status_code == 200
    for connection in stalled:
        answer = answer_on(connection)
        assert answer.startswith("HTTP/1.1 504 "), answer
        assert "ONEHOT_REQUEST_TIMEOUT_S" in answer
    assert service.predict().status_code == 200
    wait_until(lambda: service.sample("onehot_requests_in_flight") == 0, what="none is left in flight")
    assert service.sample("onehot_errors_total", error="DeadlineExceeded") == 20
    assert "Traceback" not in service.log


def test_more_at_once_than_there_may_be_is_a_429(start, wait_until):
    """Each worker counts for itself; those that wait are answered in the end."""
    service = start(ONEHOT_MAX_IN_FLIGHT="3", ONEHOT_WORKERS="1")
    body = '{"instances": [[1,2,3,4,5,6,7,8]]}'
    stalled = [service.stall(f"{HEAD}Content-Length: {len(body)}\r\n\r\n") for _ in range(3)]
    wait_until(lambda: service.sample("onehot_requests_in_flight") == 3, what="three are in flight")
    answer = service.predict()
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "1"
    assert service.call("GET", "/readyz").status_code == 200
    for connection in stalled:
        connection.sendall(body.encode())
        assert answer_on(connection).startswith("HTTP/1.1 200 ")
    wait_until(lambda: service.predict().status_code == 200, what="there is room again")


def test_counts_stay_right_when_a_worker_is_killed(start, wait_until, tmp_path):
    """Whichever worker is asked, all are counted; a dead one's counts stay, its gauges go; the files go at the end."""
    service = start()
    for _ in range(40):
        assert service.predict().status_code == 200
    assert service.sample("onehot_rows_total", model="classic", version="1") == 40
    victim = service.workers[0]
    victim.send_signal(signal.SIGKILL)
    wait_until(lambda: len(service.workers) == WORKERS and victim not in service.workers, what="it is replaced")
    wait_until(lambda: service.is_ready, what="it is ready again")
    for _ in range(10):
        wait_until(lambda: service.predict().status_code == 200, what="it answers")
    assert service.sample("onehot_rows_total", model="classic", version="1") == 50
    assert service.sample("onehot_phase_duration_seconds_count", phase="infer", model="classic") == 50
    wait_until(lambda: service.sample("onehot_version_loaded", model="classic") == 1, what="all have it loaded")
    assert service.sample("onehot_queue_up") == 0
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(timeout=30) == 0
    assert not list((tmp_path / "temporary").glob("onehot-metrics-*"))


def test_the_door_is_locked_and_the_log_tells_no_secret(start, tmp_path, wait_until):
    """Neither a key nor a payload; the key's id stands in the line of its request."""
    file = ApiKeyFile(tmp_path / "keys.json")
    kept, key = file.add(["predict"])
    service = start(ONEHOT_API_KEYS_FILE=str(file.path), ONEHOT_LOG_FORMAT="json", ONEHOT_LOG_LEVEL="debug")
    assert service.predict().status_code == 401
    assert service.predict(headers={"X-API-Key": key[:-1]}).status_code == 401
    assert service.predict(headers={"Authorization": f"Bearer {key}"}).status_code == 200
    assert service.call("GET", "/v1/jobs", headers={"X-API-Key": key}).status_code == 403
    file.revoke(kept.id)
    wait_until(lambda: service.predict(headers={"X-API-Key": key}).status_code == 401, what="every worker has noticed")
    assert f'"key":"{kept.id}"' in service.log
    assert key[:-1] not in service.log
    assert "0.123456" not in service.log
