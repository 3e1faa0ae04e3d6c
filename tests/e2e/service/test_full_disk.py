"""A folder for temporary files that is full: by one upload, by another program. Nothing of it ends a worker."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.launching import Service
from tests.e2e.small_disk import MIB, fill, make_room, mounted

LARGE = b"a,b\n" + b"1.25,2.5\n" * (60 * 2**20 // 9)
SMALL = b"a,b\n1,2\n"


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """The folder for temporary files of the service that is started next."""
    with mounted(tmp_path / "temporary", size_bytes=16 * MIB):
        yield tmp_path / "temporary"


@pytest.fixture
def predicting() -> Iterator[Callable[[Service], Counter[int]]]:
    """Predict again and again beside the test; how often each status came."""
    found: Counter[int] = Counter()
    ended = threading.Event()
    threads: list[threading.Thread] = []

    def begin(service) -> Counter[int]:
        def predict() -> None:
            while not ended.wait(0.01):
                found[service.predict().status_code] += 1

        threads.append(threading.Thread(target=predict))
        threads[-1].start()
        return found

    yield begin
    ended.set()
    for thread in threads:
        thread.join()


def upload(service, name, content):
    """Send a file as a body."""
    return service.call("POST", "/v1/datasets", params={"name": name}, content=content)


def test_an_upload_that_fits_on_no_disk_is_a_507_and_ends_no_worker(
    small_disk, serve, publish_next, predicting, wait_until
) -> None:
    """It leaves a tenth of the disk to others, and nothing of itself; smaller ones go on."""
    publish_next()
    service = serve()
    workers = {worker.pid for worker in service.workers}
    statuses = predicting(service)
    answer = upload(service, "large.csv", LARGE)
    assert answer.status_code == 507
    assert "the store is full, or the service's folder for temporary files" in answer.json()["error"]
    assert "Retry-After" not in answer.headers
    assert upload(service, "small.csv", SMALL).status_code == 201
    assert not list(small_disk.glob("onehot-upload-*"))
    wait_until(lambda: statuses[200] > 20, what="predictions are answered")
    assert set(statuses) == {200}
    assert {worker.pid for worker in service.workers} == workers
    assert service.log.count("the folder for temporary files: an upload may not take") == 1
    assert "Traceback" not in service.log


def test_a_full_folder_for_temporary_files_ends_no_worker_and_loses_no_count(
    small_disk, serve, publish_next, predicting, wait_until
) -> None:
    """One that is killed is replaced, a new version answers as soon as there is room; one line says what is wrong."""
    publish_next()
    service = serve(ONEHOT_POLL_S="0.1")
    fill(small_disk)
    rows = 0
    for name in ("classic", "classic/versions/1", "classic/versions/9", "unknown"):
        rows += service.predict(name).status_code == 200
    assert rows == 2
    assert upload(service, "small.csv", SMALL).status_code == 507
    victim = service.workers[0]
    victim.kill()
    wait_until(lambda: len(service.workers) == 2 and victim not in service.workers, what="it is replaced")
    assert upload(service, "small.csv", SMALL).status_code == 507
    statuses = predicting(service)
    publish_next()
    wait_until(lambda: statuses[200] > 30, what="predictions are answered")
    assert service.default_version == 1
    wait_until(lambda: "no room for what the processes share" in service.log, what="it is said")
    make_room(small_disk)
    wait_until(lambda: service.default_version == 2, what="the new version answers", deadline_s=20)
    assert set(statuses) == {200}
    assert service.log.count("no room for what the processes share") <= 3  # once a process, the killed one among them
    rows += statuses[200]
    assert service.sample("onehot_rows_total", model="classic") >= rows
    assert "Traceback" not in service.log
