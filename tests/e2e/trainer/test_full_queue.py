"""The queue's server is full, or loses everything, while a training runs. OUTAGES=3,15,60 asks for the long form."""

import contextlib
import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis.exceptions import ResponseError
from rq import Worker

from models.store.runs import find_run
from service.errors import QueueFull
from service.jobs.training_queue import Jobs
from tests.e2e.small_disk import MIB, mounted
from tests.timing import promised_s

LONG = {"epochs": 100_000, "batch_size": 10}
OUTAGES_S = [int(one) for one in os.environ.get("OUTAGES", "3").split(",")]
CANCELED_WITHIN_S = promised_s(5)

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(autouse=True)
def _room(site: Any) -> Iterator[None]:
    """After each test."""
    yield
    site.client.config_set("maxmemory", 0)


def fill(site: Any) -> None:
    """From now on the server reads and does not write."""
    site.client.config_set("maxmemory", 1)
    with pytest.raises(ResponseError):
        site.client.set("k", 1)


def make_room(site: Any) -> None:
    site.client.config_set("maxmemory", 0)


@pytest.mark.parametrize("seconds", OUTAGES_S)
def test_a_training_goes_on_while_the_queue_is_full(site: Any, seconds: int) -> None:
    """Its epochs are reported when there is room; it is canceled as soon as that can be asked for."""
    site.keep_workers(2)
    pids = [worker.pid for worker in site.workers]
    job = site.submit(fit=LONG)
    site.until(job, status="started", epoch=100)
    started_s, before = time.monotonic(), site.epoch(job)
    time.sleep(1)
    rate = (site.epoch(job) - before) / (time.monotonic() - started_s)
    fill(site)
    before = site.epoch(job)
    with pytest.raises(QueueFull, match="the queue's memory is full"):
        Jobs(site.client).cancel(job.id)
    time.sleep(seconds)
    assert site.epoch(job) == before
    assert site.status(job) == "started"
    make_room(site)
    site.until(job, epoch=int(before + rate * seconds / 3), deadline_s=promised_s(2))
    told = [event["epoch"] for event in site.events(job)]
    assert told == list(range(told[0], told[-1] + 1))
    Jobs(site.client).cancel(job.id)
    assert site.ended(job, deadline_s=CANCELED_WITHIN_S) == "stopped"
    assert [worker.pid for worker in site.workers if worker.poll() is None] == pids


@pytest.mark.parametrize("seconds", OUTAGES_S)
def test_the_end_of_a_job_waits_for_room(site: Any, undisturbed: str, seconds: int) -> None:
    """Longer than a lease as well: published once, by the same attempt, with every epoch; idle workers wait too."""
    site.keep_workers(2)
    pids = [worker.pid for worker in site.workers]
    job = site.submit()
    site.until(job, epoch=200)
    fill(site)
    time.sleep(seconds)
    assert site.status(job) == "started"
    make_room(site)
    assert site.ended(job) == "finished"
    assert site.digest(job) == undisturbed
    job.refresh()
    assert job.retries_left == 3
    assert [worker.pid for worker in site.workers if worker.poll() is None] == pids
    assert b"the queue's memory is full: it is tried again" in site.log.read_bytes()
    after = site.submit(fit={"epochs": 1})
    assert site.ended(after) == "finished"


def test_a_server_that_lost_everything_learns_it_again(
    site: Any, undisturbed: str, wait_for: Callable[..., Any]
) -> None:
    """Workers, the running job with its model, its end and its result."""
    site.keep_workers(2)
    pids = sorted(worker.pid for worker in site.workers)
    job = site.submit()
    site.until(job, status="started", epoch=50)
    site.client.flushall()
    wait_for(lambda: sorted(one.pid for one in Worker.all(connection=site.client)) == pids, says="they register again")
    wait_for(lambda: site.client.zscore("onehot:jobs", job.id), says="the job is listed again")
    assert site.client.hget(job.key, "status") in (b"started", b"finished")
    assert site.ended(job) == "finished"
    assert job.return_value(refresh=True)["version"] == 1
    assert site.store.verify(site.model(job), 1).weights_sha256 == undisturbed
    assert site.store.versions(site.model(job)) == [1]
    assert job.get_meta()["model"] == site.model(job)
    wait_for(lambda: site.events(job)[-1:] == [{"event": "end", "status": "finished"}], says="the end is told")


def test_every_training_leaves_a_record(site: Any, wait_for: Callable[..., Any]) -> None:
    """One that finished, and one whose process was killed and could write none."""
    site.keep_workers(2)
    good = site.submit(fit={"epochs": 3})
    assert site.ended(good) == "finished"
    bad = site.submit(fit=LONG)
    site.until(bad, status="started", epoch=5)
    site.client.hset(bad.key, "retries_left", 0)
    site.worker_of(bad).kill()
    assert site.ended(bad, deadline_s=30) == "failed"
    record = wait_for(lambda: find_run(site.store, good.id), says="a record of what finished")
    assert (record["status"], record["result"]["version"]) == ("finished", 1)
    assert [len(column) for column in record["history"].values()] == [3] * len(record["history"])
    record = wait_for(lambda: find_run(site.store, bad.id), says="a record of what failed", deadline_s=20)
    assert (record["status"], record["error"]["type"]) == ("failed", "WorkerLost")
    assert record["spec"]["model"] == site.model(bad)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 MiB."""
    with mounted(tmp_path / "small", size_bytes=64 * MIB):
        yield tmp_path / "small"


@pytest.fixture
def disk_site(site: Any, small_disk: Path, tmp_path: Path) -> Iterator[Any]:
    """A queue whose server has a small disk, and one worker; the store is elsewhere."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        other = type(site)(small_disk, free.getsockname()[1])
    other.log = tmp_path / "workers.log"
    other.start_server()
    other.start_worker(ONEHOT_STORE=str(site.folder / "store"), ONEHOT_DATA_ROOTS=str(site.folder))
    yield other
    other.stop_workers()
    other.client.close()
    other.stop_server()


def test_a_training_outlives_a_full_disk_of_the_queue(site: Any, disk_site: Any, undisturbed: str) -> None:
    """The server writes nothing down any more, and takes nothing; with room, all goes on."""
    worker = disk_site.workers[0]
    job = disk_site.submit()
    disk_site.until(job, status="started", epoch=20)
    filler = disk_site.folder / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"\0" * 4096)
    disk_site_refuses(disk_site)
    time.sleep(2)
    assert worker.poll() is None
    assert disk_site.status(job) == "started"
    filler.unlink()
    assert disk_site.ended(job) == "finished"
    assert site.store.verify(site.model(job), 1).weights_sha256 == undisturbed
    job.refresh()
    assert job.retries_left == 3
    assert worker.poll() is None
    assert b"the queue's disk is full, or cannot be written: it is tried again" in disk_site.log.read_bytes()


def disk_site_refuses(site: Any) -> None:
    """Wait until its server says that its disk is full."""
    for _ in range(1000):
        if refusal_of_a_write(site):
            break
        time.sleep(0.02)
    assert "MISCONF" in refusal_of_a_write(site)


def refusal_of_a_write(site: Any) -> str:
    try:
        site.client.set("k", "x" * 1000)
    except ResponseError as error:
        return str(error)
    return ""
