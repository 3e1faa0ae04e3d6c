"""`python -m service` as a process of its own, on a free port of loopback."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import httpx
import psutil
from prometheus_client.parser import text_string_to_metric_families

TIMEOUT_S = 30


class Service:
    """One running service."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self._log = log

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """What it wrote."""
        return self._log.read_text()

    @property
    def workers(self) -> list[psutil.Process]:
        """The processes that answer."""
        return psutil.Process(self.process.pid).children()

    @property
    def is_ready(self) -> bool:
        """As a probe on a connection of its own sees it."""
        assert self.process.poll() is None, self.log
        try:
            return self.call("GET", "/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def call(self, method: str, path: str, **options) -> httpx.Response:
        """One request on a connection of its own: any worker may take it."""
        return httpx.request(method, self.url + path, timeout=TIMEOUT_S, trust_env=False, **options)

    def sample(self, name: str, **labels: str) -> float:
        """The sum of the samples with these labels on the page of metrics."""
        families = text_string_to_metric_families(self.call("GET", "/metrics").text)
        samples = [sample for family in families for sample in family.samples if sample.name == name]
        return sum(one.value for one in samples if labels.items() <= one.labels.items())

    def connect(self) -> socket.socket:
        """A connection of one's own."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT_S)


Kind = TypeVar("Kind", bound=Service)


@contextmanager
def launching(
    kind: type[Kind], folder: Path, *, wait_until: Callable[..., object], **usual: str
) -> Iterator[Callable[..., Kind]]:
    """What starts a service and waits until it is ready; in the end each is killed.

    Args:
        kind: What stands for it.
        folder: For its log and its temporary files.
        wait_until: Polls with a deadline.
        usual: Settings of each; those of one start come on top.
    """
    started: list[subprocess.Popen[bytes]] = []

    def start(**settings: str) -> Kind:
        port = free_port()
        clean = {name: value for name, value in os.environ.items() if not name.startswith("ONEHOT_")}
        (folder / "temporary").mkdir(exist_ok=True)
        environment = clean | {
            "ONEHOT_BIND": f"127.0.0.1:{port}", "ONEHOT_REDIS_URL": "redis://127.0.0.1:1/0",
            "TMPDIR": str(folder / "temporary"), **usual, **settings,
        }  # fmt: skip
        with (folder / "service.log").open("wb") as log:
            process = subprocess.Popen([sys.executable, "-m", "service"], env=environment, stderr=log, stdout=log)
        started.append(process)
        service = kind(process, port, folder / "service.log")
        wait_until(lambda: service.is_ready, what="the service is ready")
        return service

    try:
        yield start
    finally:
        for process in started:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()


def free_port() -> int:
    """A port on which no process listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
