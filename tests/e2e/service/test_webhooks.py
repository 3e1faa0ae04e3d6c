import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.timing import promised_s

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def queue(redis_server):
    """An empty database of the queue's server."""
    from redis import Redis

    url = f"{redis_server.removesuffix('/0')}/5"
    with Redis.from_url(url) as connection:
        connection.flushdb()
    return url


@pytest.fixture
def service(serve, publish, queue, received, tmp_path):
    """A service that tells the receiver, with one version."""
    path = tmp_path / "webhooks.yaml"
    path.write_text(f"webhooks:\n  - url: {received[1]}\n    secret: {SECRET}\n    allow_private: true\n")
    publish()
    return serve(ONEHOT_REDIS_URL=queue, ONEHOT_WEBHOOKS_FILE=str(path))


@pytest.fixture
def received():
    """Messages by their order, and where to send them."""
    messages = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            messages.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield messages, f"http://127.0.0.1:{server.server_port}/hook"
    server.shutdown()
    server.server_close()


def test_what_happens_in_the_store_is_told_within_two_seconds(
    service, publish_next, queue, received, wait_until
) -> None:
    """One message for each change, whichever of the workers leads, also after the leader was killed."""
    messages = received[0]

    def told() -> list[tuple[str, int]]:
        return sorted((one["type"], one["data"]["version"]) for one in messages)

    wait_until(lambda: service.predict().status_code == 200)
    wait_until(lambda: _has_begun(queue), what="the sender knows what there was before")
    publish_next()
    wait_until(lambda: len(messages) >= 2, deadline_s=promised_s(2), what="both messages arrive")
    assert told() == [("label.moved", 2), ("version.published", 2)]
    killed = [worker.pid for worker in service.workers]
    for pid in killed:
        os.kill(pid, 9)
    wait_until(lambda: len({worker.pid for worker in service.workers} - {*killed}) == 2, what="others have come")
    publish_next()
    wait_until(lambda: len(messages) >= 4)
    assert told() == [("label.moved", 2), ("label.moved", 3), ("version.published", 2), ("version.published", 3)]


def _has_begun(url) -> bool:
    from redis import Redis

    with Redis.from_url(url) as connection:
        return bool(connection.hexists("onehot:webhooks:told", "."))
