"""What an MLflow server answers: written down from a real one, and answered again on a real socket."""

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).parents[2] / "fixtures" / "mlflow.json"
"""The exchanges of `test_mlflow.py` with a real server; `make test-mlflow` compares, `UPDATE_MLFLOW=1` writes anew."""
PASSED_ON = ("content-type", "accept", "user-agent")


@dataclass
class Exchanges:
    """A server of MLflow: a real one behind it, or its answers of another day.

    Args:
        target: Port of the real one; None answers what was recorded, 404 to anything else.
    """

    target: int | None = None
    url: str = ""
    seen: list[dict[str, Any]] = field(default_factory=list)
    recorded: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, str, bytes]:
        """Status, content type and content."""
        status, kind, content = self._found(method, path, headers, body)
        self.seen.append({"method": method, "path": path, "request": body.decode("latin-1"), "status": status,
                          "type": kind, "answer": content.decode("latin-1")})  # fmt: skip
        return status, kind, content

    def _found(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, str, bytes]:
        if self.target is not None:
            return _asked(self.target, method, path, headers, body)
        for number, one in enumerate(self.recorded):
            if (one["method"], one["path"]) == (method, path):
                del self.recorded[number]
                return one["status"], one["type"], one["answer"].encode("latin-1")
        return 404, "application/json", b'{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "not recorded"}'

    def sent(self, ending: str) -> list[dict[str, Any]]:
        """The JSON documents that came to paths with this ending."""
        return [json.loads(one["request"]) for one in self.seen if one["path"].endswith(ending)]

    def write(self, path: Path) -> None:
        """Keep the answers."""
        kept = [{key: one[key] for key in ("method", "path", "status", "type", "answer")} for one in self.seen]
        path.write_text(json.dumps(kept, indent=1, ensure_ascii=True) + "\n", encoding="utf-8")

    @property
    def shapes(self) -> set[tuple[str, str, int, tuple[str, ...]]]:
        """Of each exchange the method, the path without ids, the status and the keys of the answer."""
        return {(one["method"], _without_ids(one["path"]), one["status"], _keys(one)) for one in self.seen}


def _asked(port: int, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, str, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    kept = {name: value for name, value in headers.items() if name.lower() in PASSED_ON}
    connection.request(method, path, body, kept)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, answer.headers.get("Content-Type", ""), content


def _without_ids(path: str) -> str:
    parts = path.partition("?")[0].split("/")
    return "/".join("…" if len(part) == 32 or part.isdigit() else part for part in parts)


def _keys(exchange: dict[str, Any]) -> tuple[str, ...]:
    if "json" not in exchange["type"] or "/artifacts/" in exchange["path"]:
        return ()
    return tuple(sorted(json.loads(exchange["answer"] or "{}")))


@contextmanager
def exchanging(exchanges: Exchanges) -> Iterator[Exchanges]:
    """Run it on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def respond(self) -> None:
            body = b"".join(self.chunks()) if self.headers.get("Transfer-Encoding") else self.whole()
            status, kind, content = exchanges.answer(self.command, self.path, dict(self.headers.items()), body)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def whole(self) -> bytes:
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))

        def chunks(self) -> Iterator[bytes]:
            while size := int(self.rfile.readline(), 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()

        do_GET = do_POST = do_PUT = do_PATCH = respond  # noqa: N815 -- http.server's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        exchanges.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield exchanges
        server.shutdown()
        thread.join()


def replayed() -> Exchanges:
    """The recorded answers."""
    return Exchanges(recorded=json.loads(RECORDED.read_text("utf-8")))
