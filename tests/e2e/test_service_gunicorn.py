"""The real service: `python -m service` with two workers on a free port."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import httpx
import numpy as np
import psutil
import pytest

from service.registry import pending_versions
from tests.e2e.launching import Service, free_port, launching
from tests.timing import assert_quick

VERSION = "X-Onehot-Model-Version"
ROW = [[0.25] * 8]
WORKERS = 2
MOST_PSS_MB = 250


class ServiceFamily(Service):
    """One running service, and its processes."""

    def get(self, path: str) -> httpx.Response:
        """One request on a connection of its own: any worker may take it."""
        return self.call("GET", path)

    def predict(self, place: str = "classic") -> httpx.Response:
        """One prediction on a connection of its own."""
        return self.call("POST", f"/v1/models/{place}:predict", json={"instances": ROW})

    def versions_of_all_workers(self) -> set[str]:
        """Which versions answer, seen over enough connections to meet every worker."""
        return {self.predict().headers[VERSION] for _ in range(30)}

    @property
    def family(self) -> list[psutil.Process]:
        """The parent and its workers."""
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]


@pytest.fixture
def start(store_folder: Path, tmp_path: Path, wait_until) -> Iterator[Callable[..., ServiceFamily]]:
    """Start the service on this test's store; it is stopped in the end."""
    usual = {
        "ONEHOT_STORE": str(store_folder), "ONEHOT_POLL_S": "0.2", "ONEHOT_FULL_POLL_S": "0.2",
        "ONEHOT_WORKERS": str(WORKERS),
    }  # fmt: skip
    with launching(ServiceFamily, tmp_path, wait_until=wait_until, **usual) as start:
        yield start


@pytest.fixture
def log(tmp_path: Path) -> Callable[[], str]:
    """What the service wrote."""
    return (tmp_path / "service.log").read_text


def test_it_predicts_and_ends_when_told_to(start, publish, compute, log, wait_until) -> None:
    """Exit status 0, no process left, nothing in the log that looks like an accident."""
    publish()
    service = start()
    answer = service.predict()
    assert np.allclose(answer.json()["predictions"], compute("classic-a", ROW), atol=1e-6)
    wait_until(lambda: len(service.family) == 1 + WORKERS, what="every worker is there")
    family = service.family
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(timeout=30) == 0
    psutil.wait_procs(family, timeout=60)
    assert not [process for process in family if process.is_running()]
    for accident in ("Traceback", "SIGABRT", "terminate called", '"level":"error"'):
        assert accident not in log()


def test_a_new_version_reaches_every_worker_without_a_failed_request(start, publish, compute, wait_until) -> None:
    """Every answer is what the version that it claims computes, before, during and after."""
    publish()
    service = start()
    expected = {"1": compute("classic-a", ROW), "2": compute("classic-b", ROW)}
    wrong: list[str] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            answer = service.predict()
            version = answer.headers.get(VERSION, "")
            if answer.status_code != 200 or not np.allclose(answer.json()["predictions"], expected[version], atol=1e-6):
                wrong.append(f"{answer.status_code} {version} {answer.text}")

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        publish("classic", "classic-b")
        wait_until(lambda: service.versions_of_all_workers() == {"2"}, what="every worker answers with version 2")
    finally:
        stop.set()
        asking.join()
    assert wrong == []


def test_one_flipped_byte_takes_a_version_out_in_every_worker(start, publish, flip_byte, wait_until) -> None:
    """The status names file and version; the previous version answers."""
    publish()
    publish("classic", "classic-b")
    service = start()
    assert service.versions_of_all_workers() == {"2"}
    flip_byte("classic", 2)
    wait_until(lambda: service.versions_of_all_workers() == {"1"}, what="every worker answers with version 1")
    newest = service.get("/v1/models/classic").json()["model_version_status"][0]
    assert (newest["version"], newest["state"]) == ("2", "END")
    assert "model.onnx of version 2" in newest["status"]["error_message"]


def test_a_label_moved_over_http_has_moved_in_every_worker(start, publish) -> None:
    """One worker writes it, and answers when all of them follow."""
    publish()
    publish("classic", "classic-b", promote=False)
    service = start()
    assert service.versions_of_all_workers() == {"1"}
    answer = httpx.put(f"{service.url}/v1/models/classic/labels/stable", json={"version": 2}, trust_env=False)
    assert answer.status_code == 200
    assert service.versions_of_all_workers() == {"2"}
    answer = httpx.put(f"{service.url}/v1/models/classic/labels/canary", json={"version": 1}, trust_env=False)
    assert answer.status_code == 200
    body = {"instances": [[0.5] * 8]}
    canary = httpx.post(f"{service.url}/v1/models/classic/labels/canary:predict", json=body, trust_env=False)
    assert canary.headers["X-Onehot-Model-Version"] == "1"


def test_what_was_just_published_is_answered_and_not_missing(start, publish) -> None:
    """A job has said that it is there; a model that is nowhere is a 404 at once."""
    publish()
    service = start(ONEHOT_POLL_S="30", ONEHOT_FULL_POLL_S="30")
    body = {"instances": [[0.5] * 8]}
    publish("fresh")
    for path in ("fresh", "fresh/versions/1", "fresh/labels/stable"):
        answer = httpx.post(f"{service.url}/v1/models/{path}:predict", json=body, trust_env=False)
        assert answer.status_code == 200, answer.text
    numbers = count(9)

    def ask_for_what_is_nowhere() -> None:
        number = next(numbers)
        for path in (f"nowhere-{number}", f"fresh/versions/{number}", f"fresh/labels/none{number}"):
            assert httpx.post(f"{service.url}/v1/models/{path}:predict", json=body, trust_env=False).status_code == 404

    # Each of the three would take this long if it were waited for.
    assert_quick(ask_for_what_is_nowhere, most_s=pending_versions.PATIENCE_S, clock_s=time.monotonic)


def test_a_chunked_body_over_the_limit_is_a_413(start, publish) -> None:
    """It is not cut off and read as something else."""
    publish()
    service = start(ONEHOT_MAX_BODY_BYTES="100000")
    url = f"{service.url}/v1/models/classic:predict"
    answer = httpx.post(url, content=(b"0," * 10_000 for _ in range(20)), trust_env=False, timeout=30)
    assert answer.status_code == 413
    assert httpx.post(url, content=b"0," * 100_000, trust_env=False, timeout=30).status_code == 413
    small = httpx.post(url, content=iter([b'{"instances": [[1,2,3,4,', b"5,6,7,8]]}"]), trust_env=False)
    assert small.status_code == 200


def test_stalled_clients_do_not_stop_the_others(start, publish) -> None:
    """Fifty of them, with half a head or half a body."""
    publish()
    service = start()
    host, port = service.url.removeprefix("http://").split(":")
    stalled = [socket.create_connection((host, int(port))) for _ in range(50)]
    try:
        for number, connection in enumerate(stalled):
            head = b"POST /v1/models/classic:predict HTTP/1.1\r\nHost: x\r\n"
            connection.sendall(head if number % 2 else head + b"Content-Length: 1000\r\n\r\n{")
        assert all(service.predict().status_code == 200 for _ in range(10))
    finally:
        for connection in stalled:
            connection.close()


def test_memory_stays_small(start, publish) -> None:
    """Two workers and their parent, as the sum of proportional set sizes."""
    publish()
    service = start()
    service.versions_of_all_workers()
    pss_mb = sum(process.memory_full_info().pss for process in service.family) / 1e6
    assert pss_mb < MOST_PSS_MB


def test_a_worker_that_dies_is_replaced(start, publish, wait_until) -> None:
    """The new one loads everything before it answers."""
    publish()
    service = start()
    victim = service.family[1]
    victim.kill()
    wait_until(lambda: len(service.family) == 1 + WORKERS and not victim.is_running(), what="another worker is there")
    assert all(service.predict().status_code == 200 for _ in range(20))


def test_it_loads_no_training_framework(start, publish) -> None:
    """No library of one is mapped into any of its processes."""
    publish()
    service = start()
    service.predict()
    mapped = {Path(one.path).as_posix() for process in service.family for one in process.memory_maps()}
    assert any("onnxruntime" in path for path in mapped)
    assert not [path for path in mapped if "tensorflow" in path or "/keras/" in path]


def test_an_address_in_use_or_open_to_all_stops_the_start(store_folder) -> None:
    """With a status that says so."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ONEHOT_")}
    environment = clean | {"ONEHOT_STORE": str(store_folder), "ONEHOT_BIND": f"0.0.0.0:{free_port()}"}
    done = subprocess.run(
        [sys.executable, "-m", "service"], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert "--insecure" in done.stderr
