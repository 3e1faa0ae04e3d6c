import json
import os
import signal
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from redis import Redis

from models.statistics.output_columns import OutputColumns
from models.statistics.profiling import profile
from models.statistics.stored_statistics import add_statistics
from tests.timing import not_waiting_for, promised_s

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def queue(redis_server):
    """An empty database of the queue's server."""
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


def test_drift_is_told_and_said_by_the_page_of_metrics(service, store, compute, received, wait_until) -> None:
    """Once, whichever worker leads, with its alarms in words; ordinary rows before say nothing."""
    rng, messages = np.random.default_rng(5), received[0]
    manifest = store.manifest("classic", 1)
    rows = rng.random((4000, 8)).astype(np.float32)
    add_statistics(store, manifest, profile(
        manifest.instance, OutputColumns.of(manifest), [rows], compute("classic-a", rows), rows=len(rows),
        data={"source": "rows.npz", "part": "train"}))  # fmt: skip
    predict_rows(service, rng.random((400, 8)))
    wait_until(lambda: monitoring(service)["rows"] == 400, what="its rows are compared", deadline_s=60)
    assert monitoring(service)["alarms"] == []
    shifted = rng.random((2000, 8))
    shifted[:, 3] += 0.5
    predict_rows(service, shifted)
    wait_until(lambda: messages, what="the leader has looked, and told", deadline_s=15 + promised_s(2))
    (message,) = messages
    assert message["type"] == "drift"
    assert (message["data"]["model"], message["data"]["version"]) == ("classic", 1)
    assert any("'x3' has drifted" in alarm for alarm in message["data"]["alarms"])
    assert service.sample("onehot_drift_alarms", model="classic", version="1") > 0
    assert service.sample("onehot_webhook_attempts_total", outcome="delivered") == 1


def monitoring(service) -> dict:
    """What the last ten minutes say of the default version."""
    answer = service.call("GET", "/v1/models/classic/monitoring?window_s=600")
    assert answer.status_code == 200, answer.text
    return answer.json()


def predict_rows(service, rows) -> None:
    """In requests of a hundred."""
    for start in range(0, len(rows), 100):
        body = {"instances": rows[start : start + 100].round(4).tolist()}
        assert service.call("POST", "/v1/models/classic:predict", json=body).status_code == 200


def test_a_receiver_that_hangs_keeps_no_service_from_ending(
    serve, publish, publish_next, queue, tmp_path, wait_until
) -> None:
    """What was on its way to it waits for the next service, and comes again."""
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        path = tmp_path / "webhooks.yaml"
        url = f"http://127.0.0.1:{hanging.getsockname()[1]}/hook"
        path.write_text(f"webhooks:\n  - url: {url}\n    secret: {SECRET}\n    allow_private: true\n")
        publish()
        service = serve(ONEHOT_REDIS_URL=queue, ONEHOT_WEBHOOKS_FILE=str(path))
        wait_until(lambda: _has_begun(queue), what="the sender knows what there was before")
        publish_next()
        hanging.settimeout(promised_s(5))
        connection, _ = hanging.accept()
        with connection, not_waiting_for("an attempt and the patience of gunicorn", lasts_s=30):
            service.process.send_signal(signal.SIGTERM)
            assert service.process.wait(60) == 0
        with Redis.from_url(queue) as server:
            assert server.zcard("onehot:webhooks:due") == 2


def _has_begun(url) -> bool:
    with Redis.from_url(url) as connection:
        return bool(connection.hexists("onehot:webhooks:told", "."))
