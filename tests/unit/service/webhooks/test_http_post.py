import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from service.webhooks.http_post import NotTaken, post_message
from service.webhooks.subscriptions import Subscription

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
BODY = '{"type":"drift","data":{"name":"Größe"}}'.encode()


@pytest.fixture
def receiver():
    """Takes everything, but sends those away who ask for `/away`; what it was asked for."""
    asked: list[tuple[str, dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked.append((self.path, dict(self.headers), body))
            self.send_response(307 if self.path == "/away" else 204)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield asked, server.server_port
    server.shutdown()
    server.server_close()


def resolve(monkeypatch, *answers: list[str]) -> None:
    """The name of the receiver has these addresses, at each question the next ones."""
    following, ask = iter(answers), socket.getaddrinfo

    def getaddrinfo(host, port, *others, **more):
        if host != "hooks.example.org":
            return ask(host, port, *others, **more)
        return [found for one in next(following) for found in ask(one, port, type=socket.SOCK_STREAM)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def test_the_library_of_standard_webhooks_verifies_what_is_sent(receiver) -> None:
    """Its signature, in each of two secrets, while one follows the other; not with another secret, nor another body."""
    asked, port = receiver
    post_message(Subscription(f"http://127.0.0.1:{port}/", (OTHER, SECRET), allows_private=True), "drift-1", BODY)
    ((_, headers, body),) = asked
    for secret in (OTHER, SECRET):
        assert Webhook(secret).verify(body, headers)["data"] == {"name": "Größe"}
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + "A" * 32).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body + b" ", headers)


def test_redirects_are_not_followed(receiver) -> None:
    """Neither within the host nor to a private address: the receiver did not take it."""
    asked, port = receiver
    with pytest.raises(NotTaken, match="status 307"):
        post_message(Subscription(f"http://127.0.0.1:{port}/away", (SECRET,), allows_private=True), "one", BODY)
    assert [path for path, _, _ in asked] == ["/away"]


def test_a_name_that_becomes_private_is_refused_at_the_next_attempt(receiver, monkeypatch) -> None:
    """Each attempt looks its name up once, and connects to what it looked at."""
    asked, port = receiver
    resolve(monkeypatch, ["127.0.0.1"], ["127.0.0.1"])
    allowed = Subscription(f"http://hooks.example.org:{port}/", (SECRET,), allows_private=True)
    post_message(allowed, "one", BODY)
    assert asked[0][1]["Host"] == f"hooks.example.org:{port}"
    with pytest.raises(NotTaken, match=r"hooks\.example\.org has the private address 127\.0\.0\.1"):
        post_message(Subscription(allowed.url, (SECRET,)), "two", BODY)
    assert len(asked) == 1


def test_the_next_address_of_a_host_is_tried_where_one_cannot_be_connected_to(receiver, monkeypatch) -> None:
    """As an IPv6 address without a way to it; one that was connected to has had its message."""
    asked, port = receiver
    resolve(monkeypatch, ["127.0.0.2", "127.0.0.1"], ["127.0.0.2", "127.0.0.3"])
    subscription = Subscription(f"http://hooks.example.org:{port}/", (SECRET,), allows_private=True)
    post_message(subscription, "one", BODY)
    assert len(asked) == 1
    with pytest.raises(NotTaken, match="refused"):
        post_message(subscription, "two", BODY)
