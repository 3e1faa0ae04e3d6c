"""A stand-in for the service, on a real socket: what it answers is a table."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from click.testing import CliRunner, Result

from onehot.cli import cli

Answer = tuple[Any, ...]
"""Status, body and, where needed, headers; a body of bytes is sent as it is, all else as JSON."""


@dataclass
class StandIn:
    """Answers by (method, path), in the order given, the last one again and again; keeps what came."""

    url: str
    answers: dict[tuple[str, str], list[Answer]] = field(default_factory=dict)
    received: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    def on(self, method: str, path: str, *answers: Answer) -> None:
        """Say what one call gets."""
        self.answers[method, path] = list(answers)

    def next_answer(self, method: str, path: str) -> Answer:
        """Take the next answer of one call."""
        queued = self.answers.get((method, path))
        if not queued:
            return 404, {"error": f"no {method} {path} here"}
        return queued.pop(0) if len(queued) > 1 else queued[0]

    @staticmethod
    def stream(*documents: dict[str, Any], first_id: int = 0) -> bytes:
        """Documents as server-sent events."""
        blocks = [f"id: {i}\nevent: {d['event']}\ndata: {json.dumps(d)}\n\n" for i, d in enumerate(documents, first_id)]
        return "".join(blocks).encode()


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            here.received.append((self.command, self.path, dict(self.headers.items()), body))
            status, document, *headers = here.next_answer(self.command, self.path)
            content = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(status)
            kind = "text/event-stream" if self.path.endswith("/events") else "application/json"
            always = {"Content-Length": str(len(content)), "Content-Type": kind}
            for name, value in {**always, **dict(*headers)}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer  # noqa: N815 -- http.server's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        here = StandIn(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield here
        server.shutdown()
        thread.join()


@pytest.fixture
def onehot(tmp_path, monkeypatch) -> Callable[..., Result]:
    """Runs the command line in an empty folder, with no setting but the store and those given."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, input: str | None = None, **settings: str) -> Result:  # noqa: A002 -- click's name
        environment = {f"ONEHOT_{name}": value for name, value in settings.items()}
        return CliRunner().invoke(cli, arguments, input=input, env=environment)

    return run


@pytest.fixture
def against(onehot, stand_in) -> Callable[..., Result]:
    """Runs the command line against the stand-in."""
    return lambda *arguments, **more: onehot(*arguments, URL=stand_in.url, **more)
