"""A real service under load: `python -m service` with two workers on a free port."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import numpy as np
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from models.store import Store
from tests.e2e.service.load import Order

WORKERS = 2
ROWS = np.random.default_rng(3).random((8, 8)).round(3)
GRAPHS = ("classic-b", "classic-a")
"""Even versions and odd ones compute something else."""


class Service:
    """One running service."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self._log = log

    @property
    def log(self) -> str:
        """What it wrote."""
        return self._log.read_text()

    @property
    def workers(self) -> list[psutil.Process]:
        """The processes that answer."""
        return psutil.Process(self.process.pid).children()

    def call(self, method: str, path: str, **options) -> httpx.Response:
        """One request on a connection of its own: any worker may take it."""
        return httpx.request(method, f"http://127.0.0.1:{self.port}{path}", timeout=30, trust_env=False, **options)

    def predict(self, place: str = "classic", **options) -> httpx.Response:
        """One prediction of one row."""
        return self.call("POST", f"/v1/models/{place}:predict", json={"instances": ROWS[:1].tolist()}, **options)

    @property
    def default_version(self) -> int:
        """What answers without a version."""
        answer = self.predict()
        assert answer.status_code == 200, answer.text
        return int(answer.headers["X-Onehot-Model-Version"])

    @property
    def is_ready(self) -> bool:
        """As a probe on a connection of its own sees it."""
        assert self.process.poll() is None, self.log
        try:
            return self.call("GET", "/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def sample(self, name: str, **labels: str) -> float:
        """The sum of the samples with these labels on the page of metrics."""
        families = text_string_to_metric_families(self.call("GET", "/metrics").text)
        samples = [sample for family in families for sample in family.samples if sample.name == name]
        return sum(one.value for one in samples if labels.items() <= one.labels.items())

    def memory_bytes(self) -> int:
        """Of all its processes, what is not shared counted once."""
        family = [psutil.Process(self.process.pid), *self.workers]
        return sum(process.memory_full_info().pss for process in family)

    def descriptors(self) -> int:
        """Open in all its processes."""
        return sum(process.num_fds() for process in [psutil.Process(self.process.pid), *self.workers])

    def connect(self) -> socket.socket:
        """A connection of one's own."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)


def connected_ports(worker: psutil.Process) -> set[int]:
    """The other ends of a worker's connections."""
    return {one.raddr.port for one in worker.net_connections("tcp") if one.raddr}


@pytest.fixture
def serve(store_folder: Path, tmp_path: Path, wait_until) -> Iterator[Callable[..., Service]]:
    """Start the service on this test's store; it is stopped in the end."""
    started: list[subprocess.Popen[bytes]] = []

    def _serve(**settings: str) -> Service:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        clean = {name: value for name, value in os.environ.items() if not name.startswith("ONEHOT_")}
        (tmp_path / "temporary").mkdir(exist_ok=True)
        environment = clean | {
            "ONEHOT_STORE": str(store_folder), "ONEHOT_BIND": f"127.0.0.1:{port}", "ONEHOT_WORKERS": str(WORKERS),
            "ONEHOT_REDIS_URL": "redis://127.0.0.1:1/0", "ONEHOT_LOG_LEVEL": "warning",
            "TMPDIR": str(tmp_path / "temporary"), **settings,
        }  # fmt: skip
        with (tmp_path / "service.log").open("wb") as log:
            process = subprocess.Popen([sys.executable, "-m", "service"], env=environment, stderr=log, stdout=log)
        started.append(process)
        service = Service(process, port, tmp_path / "service.log")
        wait_until(lambda: service.is_ready, what="the service is ready")
        wait_until(lambda: len(service.workers) == int(environment["ONEHOT_WORKERS"]), what="every worker is there")
        return service

    yield _serve
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.kill()
        process.wait()


@pytest.fixture
def store(store_folder: Path) -> Store:
    """This test's store."""
    return Store.open(store_folder)


@pytest.fixture
def publish_next(publish, store) -> Callable[..., int]:
    """Publish the next version, of the graph that its number says; its number."""

    def _publish(**options) -> int:
        number = max(store.versions("classic"), default=0) + 1
        version = publish("classic", GRAPHS[number % 2], **options).version
        assert version == number
        return version

    return _publish


@pytest.fixture
def order_for(compute) -> Callable[..., Order]:
    """A load on the default version of `classic`, each row with what every version must answer."""
    answers = [compute(graph, ROWS).tolist() for graph in GRAPHS]

    def _order(service: Service, **options) -> Order:
        path = f"/v1/models/{options.pop('place', 'classic')}:predict"
        return Order(service.port, path, ROWS.tolist(), answers, **options)

    return _order
