"""The real service, `python -m service` on a free port, for the tests that need its sockets and its processes."""

import http.client
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.conftest import wait_until

ROOT = Path(__file__).parents[2]
ANSWER_S = 30


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Args:
        status: Of HTTP.
        headers: By name, in small letters.
        body: Whole.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The document."""
        return json.loads(self.body)


@dataclass(slots=True)
class Live:
    """One running service.

    Args:
        process: The parent.
        port: On loopback.
        log_file: Where its log goes.
    """

    process: subprocess.Popen[bytes]
    port: int
    log_file: Path
    _connection: http.client.HTTPConnection | None = field(default=None)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """What it wrote."""
        return self.log_file.read_text()

    @property
    def workers(self) -> list[psutil.Process]:
        """The processes that answer."""
        return psutil.Process(self.process.pid).children()

    @property
    def resident_bytes(self) -> int:
        """What the processes that answer have in memory."""
        return sum(worker.memory_info().rss for worker in self.workers)

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        """One request, on the connection of the one before where that is still open; a slow answer is an error."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        for connection in (self._connection, None):
            try:
                return self._ask(connection or self._connect(), method, path, body, named)
            except (http.client.RemoteDisconnected, ConnectionError):
                self.hang_up()
                if connection is None:
                    raise
        raise AssertionError

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_S)

    def _ask(
        self, connection: http.client.HTTPConnection, method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> Answer:
        connection.request(method, path, body, dict(headers))
        answer = connection.getresponse()
        content = answer.read()
        self._connection = connection
        if answer.will_close:
            self.hang_up()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, content)

    def hang_up(self) -> None:
        """Close the connection that is kept."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def raw(self) -> socket.socket:
        """A connection to write anything to."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=ANSWER_S)

    def is_ready(self) -> bool:
        """Whether it says so."""
        assert self.process.poll() is None, self.log
        try:
            return self.ask("GET", "/readyz").status == 200
        except OSError:
            return False

    def answers(self, method: str, path: str, body: bytes) -> Answer | None:
        """The answer to a request when it is a success."""
        assert self.process.poll() is None, self.log
        try:
            answer = self.ask(method, path, body)
        except OSError:
            return None
        return answer if answer.status == 200 else None


@contextmanager
def live(store: Path | str, folder: Path, *, is_ready: bool = True, **settings: str) -> Iterator[Live]:
    """Run the service on a store.

    Args:
        store: Its folder or URL.
        folder: For its log.
        is_ready: Whether it is ready at first.
        settings: Environment variables beside those that it needs.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("ONEHOT_", "OTEL_"))}
    environment = clean | {
        "ONEHOT_STORE": str(store), "ONEHOT_BIND": f"127.0.0.1:{port}", "ONEHOT_WORKERS": "1",
        "ONEHOT_POLL_S": "0.2", "ONEHOT_LEAVE_S": "0", "ONEHOT_REDIS_URL": "redis://127.0.0.1:1/0", **settings,
    }  # fmt: skip
    log_file = folder / "service.log"
    with log_file.open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "service"], cwd=ROOT, env=environment, stderr=log)
    service = Live(process, port, log_file)
    try:
        if is_ready:
            wait_until(service.is_ready, what="the service is ready")
        yield service
    finally:
        service.hang_up()
        process.terminate()
        process.wait(timeout=60)
