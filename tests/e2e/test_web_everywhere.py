"""What holds of every view of the web page: a path in front of it changes nothing, and names stay text."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from models.store.store import Store
from tests.e2e.seeded_runs import HOSTILE, LONG, SEARCH, run_id, seed_runs, seed_search

PREFIX = "/team-a/onehot"
VIEWS = {
    "models": ("#/models", "#models tbody tr"),
    "model": (f"#/models/{LONG}", "#versions tbody tr"),
    "version": (f"#/models/{LONG}/1", "#try form"),
    "try": (f"#/models/{LONG}/1?try=1", "#try .fields, #try textarea"),
    "network": (f"#/models/{LONG}/1?tab=network", "main [role=tabpanel] *"),
    "spec": (f"#/models/{LONG}/1?tab=spec", "main [role=tabpanel] *"),
    "files": (f"#/models/{LONG}/1?tab=files", "#proof"),
    "code": (f"#/models/{LONG}/1?tab=code", "main [role=tabpanel] pre"),
    "train": ("#/train", "#data-file"),
    "train with data": ("#/train?data=hostile.csv", "#draft textarea"),
    "runs": ("#/runs?column=note&column=tags&column=error", "table tbody tr"),
    "run": (f"#/runs/{run_id(3)}", "#curves canvas"),
    "compare": (f"#/compare?id={run_id(3)}&id={run_id(4)}", "#curves canvas"),
    "searches": ("#/searches", "table tbody tr"),
    "search": (f"#/searches/{SEARCH}", "#parallel svg"),
    "docs": ("docs", ".opblock"),
}
"""Name → address, and what is there when the view is."""


class Proxy(BaseHTTPRequestHandler):
    """Publishes a service under a path, as a proxy does that cuts the path off and says so."""

    protocol_version = "HTTP/1.1"
    target = ""
    outside: list[str] = []  # noqa: RUF012 -- of this class, made anew for each test

    def answer(self) -> None:
        """Pass a request on."""
        if not self.path.startswith(f"{PREFIX}/"):
            self.outside.append(self.path)
            self.send_error(404)
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
        answer = httpx.request(
            self.command, self.target + self.path.removeprefix(PREFIX), content=body, timeout=30, trust_env=False,
            headers={**headers, "X-Forwarded-Prefix": PREFIX, "Accept-Encoding": "identity"},
        )  # fmt: skip
        self.send_response(answer.status_code)
        for name, value in answer.headers.items():
            if name.lower() not in {"connection", "transfer-encoding", "content-length"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = answer  # noqa: N815 -- as http.server names them

    def log_message(self, *arguments: object) -> None:
        """Nothing."""


@pytest.fixture
def furnished(store_folder: Path, publish) -> Store:
    """A version, runs and a search whose names are markup, or long."""
    publish(LONG, class_names=(HOSTILE, "b", "c"), metrics={"loss": 123456789012.0})
    store = Store.open(store_folder)
    seed_runs(store, 9)
    seed_search(store)
    return store


@pytest.fixture
def proxied() -> Iterator:
    """Start a proxy in front of a service; its address, and the paths that were asked for outside of its own."""
    servers = []

    def start(target: str) -> tuple[str, list[str]]:
        handler = type("OwnProxy", (Proxy,), {"target": target, "outside": []})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}{PREFIX}", handler.outside

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def upload(url: str, headers: dict[str, str]) -> str:
    """A table whose columns and classes are markup; its digest."""
    rows = "".join(f"{row % 9},{[HOSTILE, 'b'][row % 2]}\n" for row in range(40)).replace('"', "'")
    content = f'"{HOSTILE.replace(chr(34), chr(39))}",kind\n{rows}'
    answer = httpx.post(
        f"{url}/v1/datasets", params={"name": "hostile.csv"}, content=content.encode(), headers=headers, trust_env=False
    )
    return str(answer.raise_for_status().json()["sha256"])


@pytest.mark.usefixtures("furnished")
def test_every_view_works_behind_a_path(serve, browser, proxied) -> None:
    """Nothing is asked for outside of it; a prediction, an upload's spec and a link lead on within it."""
    service = serve()
    url, outside = proxied(service)
    digest = upload(url, {})
    for name, (address, ready) in VIEWS.items():
        browser.open("about:blank")
        browser.open(f"{url}/{address.replace('hostile.csv', digest)}")
        browser.wait(f"document.querySelector({json.dumps(ready)})")
        assert browser.run("location.pathname").startswith(PREFIX), name
        assert browser.run("document.querySelectorAll('main img, img[onerror], main script').length") == 0, name
        assert "taken" not in browser.run("document.title"), name
    browser.open(f"{url}/#/models/{LONG}/1?tab=code")
    browser.wait("document.querySelector('#try form')")
    browser.run("document.querySelector('#try form').requestSubmit()")
    browser.wait("document.querySelectorAll('.bars li').length === 3")
    browser.wait(f"document.querySelector('[role=tabpanel] pre').innerText.includes({json.dumps(f'{url}/v1/models')})")
    assert outside == []
    assert all(one.startswith((f"{url}/", "data:", "blob:", "about:")) for one in browser.addresses)
