"""Behind a reverse proxy that publishes the service under a path."""

import http.client
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urljoin

import httpx
import pytest

from onehot.client import Service
from tests.contract.live import live

PREFIX = "/ml"
SPEC = {
    "model": "classic",
    "data": {"source": "sklearn://iris"},
    "layers": [{"Dense": {"units": 3, "activation": "softmax"}}],
    "compile": {"optimizer": "Adam", "loss": "categorical_crossentropy"},
}


def proxy_to(port: int) -> type[BaseHTTPRequestHandler]:
    """A handler as nginx' `location /ml/ { proxy_pass http://127.0.0.1:PORT/; }`; nothing beside the path is found."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if not self.path.startswith(f"{PREFIX}/"):
                self.send_error(404)
                return
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            headers = {name: text for name, text in self.headers.items() if name.lower() != "connection"}
            headers |= {"X-Forwarded-Prefix": PREFIX}
            connection.request(self.command, self.path.removeprefix(PREFIX), body, headers)
            answer = connection.getresponse()
            content = answer.read()
            self.send_response(answer.status)
            for name, text in answer.getheaders():
                if name.lower() not in ("server", "date", "connection"):
                    self.send_header(name, text)
            self.end_headers()
            self.wfile.write(content)
            connection.close()

        do_GET = do_POST = do_PUT = do_DELETE = _forward  # noqa: N815 -- http.server's names

        def log_message(self, *_: object) -> None:
            """Quiet."""

    return Handler


@pytest.fixture
def published(store_folder, publish, redis_server, tmp_path) -> Iterator[str]:
    """The address of the service behind the proxy, with a slash at its end."""
    publish()
    with live(store_folder, tmp_path, ONEHOT_REDIS_URL=redis_server) as service:
        server = ThreadingHTTPServer(("127.0.0.1", 0), proxy_to(service.port))
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}{PREFIX}/"
        server.shutdown()
        server.server_close()


def links_of(page: str) -> list[str]:
    """What a page fetches or leads to."""
    return [part.partition('"')[0] for name in ('href="', 'src="') for part in page.split(name)[1:]]


def test_everything_works_under_a_path(published) -> None:
    """The page, its files, the interface's page, every Location, and the document's server."""
    with httpx.Client(trust_env=False) as client:
        for name in ("", "docs"):
            page = client.get(published + name)
            assert page.status_code == 200
            links = [link for link in links_of(page.text) if not link.startswith("#")]
            assert links
            for link in links:
                assert client.get(urljoin(str(page.url), link)).status_code == 200, link
        document = client.get(f"{published}openapi.json")
        base = urljoin(str(document.url), document.json()["servers"][0]["url"])
        assert base == published
        assert client.get(base.rstrip("/") + "/v1/models").json()["models"][0]["name"] == "classic"
        rows = {"instances": [[0] * 8]}
        assert client.post(f"{published}v1/models/classic:predict", json=rows).status_code == 200
        for made in (
            client.post(f"{published}v1/jobs", json=SPEC, headers={"Origin": published.removesuffix("/ml/")}),
            client.post(f"{published}v1/datasets?name=x.csv", content=b"a,b\n1,2\n"),
        ):
            assert made.is_success, made.text
            place = urljoin(str(made.url), made.headers["Location"])
            assert client.get(place).status_code == 200
            assert client.delete(place).is_success


def test_the_command_line_takes_an_address_with_a_path(published) -> None:
    """`ONEHOT_URL=https://host/ml`."""
    with Service(published) as service:
        assert service.get("/v1/models")["models"][0]["name"] == "classic"
        assert isinstance(service.get("/v1/jobs")["jobs"], list)
