"""A worker that is older than the service which queued a job."""

import logging
import time
from collections.abc import Callable, Iterator

import pytest
from redis import Redis
from rq import Queue, Retry
from rq.exceptions import DequeueTimeout, StopRequested
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from models.queue import names
from tests.timing import not_waiting_for
from trainer.worker import reliable_queue
from trainer.worker.reliable_queue import ReliableQueue
from trainer.worker.training_worker import TrainingWorker

NEWER = names.SPEC_VERSION + 1


@pytest.fixture
def server(redis_server: str) -> Iterator[Redis]:
    with Redis.from_url(redis_server) as client:
        client.flushdb()
        yield client


@pytest.fixture
def worker(redis_server: str) -> TrainingWorker:
    worker = TrainingWorker(["train", "train-gpu"], Redis.from_url(redis_server))
    worker.register_birth()
    return worker


@pytest.fixture
def enqueue(server: Redis) -> Callable[..., Job]:
    """Queue a job whose spec is of this version, or says nothing."""

    def put(version: int | None = None, queue: str = "train") -> Job:
        meta = {"model": "digits"} if version is None else {"model": "digits", "spec_version": version}
        place = Queue(queue, connection=server, serializer=JSONSerializer)
        return place.enqueue("trainer.jobs.train", kwargs={"spec": {}}, retry=Retry(max=3), meta=meta)

    return put


def take(worker: TrainingWorker, *, wait_s: int | None = None) -> str | None:
    """The id of the job that the worker would train next."""
    found = worker.dequeue_job_and_maintain_ttl(wait_s)
    return None if found is None else found[0].id


def waiting(server: Redis, queue: str = "train") -> list[str]:
    return [one.decode() for one in server.lrange(f"rq:queue:{queue}", 0, -1)]


def test_a_newer_job_is_given_back_and_the_next_is_taken(
    server: Redis, worker: TrainingWorker, enqueue: Callable[..., Job], caplog
) -> None:
    """It waits for a newer worker, loses no attempt, and is told of once."""
    newer, known, silent = enqueue(NEWER), enqueue(names.SPEC_VERSION), enqueue()
    with caplog.at_level(logging.WARNING, "trainer"):
        assert [take(worker), take(worker), take(worker)] == [known.id, silent.id, None]
    assert waiting(server) == [newer.id]
    newer.refresh()
    assert (newer.get_status(), newer.retries_left) == (JobStatus.QUEUED, 3)
    assert newer.id.encode() not in server.lrange("rq:queue:train:intermediate", 0, -1)
    told = [record.getMessage() for record in caplog.records if newer.id in record.getMessage()]
    assert told == [
        f"job {newer.id}: its spec is of version {NEWER}, this worker knows those up to {names.SPEC_VERSION}: "
        "given back for a newer worker"
    ]


def test_newer_jobs_do_not_keep_a_worker_from_its_other_queue(
    worker: TrainingWorker, enqueue: Callable[..., Job]
) -> None:
    """Nor do several of them."""
    for _ in range(3):
        enqueue(NEWER)
    known = enqueue(queue="train-gpu")
    assert take(worker) == known.id


def test_a_worker_does_not_turn_in_a_circle(server: Redis, enqueue: Callable[..., Job]) -> None:
    """With nothing but newer jobs it looks about once a second, and leaves them for others in between."""
    jobs = [enqueue(NEWER).id for _ in range(3)]
    queues = [ReliableQueue("train", connection=server, serializer=JSONSerializer)]
    server.config_resetstat()
    started_s = time.monotonic()
    with not_waiting_for("a worker that knows them", lasts_s=60), pytest.raises(DequeueTimeout):
        ReliableQueue.dequeue_any(queues, 2, server, job_class=Job, serializer=JSONSerializer)
    assert time.monotonic() - started_s >= 2
    assert server.info("commandstats")["cmdstat_lmove"]["calls"] < 25
    assert sorted(waiting(server)) == sorted(jobs)


def test_a_newer_worker_takes_it(
    worker: TrainingWorker, enqueue: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As soon as there is one."""
    job = enqueue(NEWER)
    assert take(worker) is None
    monkeypatch.setattr(names, "SPEC_VERSION", NEWER)
    assert take(worker) == job.id


def test_a_worker_that_is_to_end_goes_through_no_more_jobs(
    server: Redis, worker: TrainingWorker, enqueue: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many newer ones wait; each is where it was."""
    jobs = [enqueue(NEWER).id for _ in range(20)]
    looks = iter([False] * 3 + [True] * 20)
    monkeypatch.setattr(reliable_queue, "is_shutting_down", lambda: next(looks))
    server.config_resetstat()
    with pytest.raises(StopRequested):
        take(worker)
    assert server.info("commandstats")["cmdstat_lmove"]["calls"] == 3
    assert sorted(waiting(server)) == sorted(jobs)


def test_many_newer_jobs_keep_a_worker_from_nothing_else(
    server: Redis, enqueue: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has its time over in the middle of them: it shows that it lives, and looks for jobs that were lost."""
    for _ in range(30):
        enqueue(NEWER)
    fetch, looks = ReliableQueue.fetch_taken, []
    monkeypatch.setattr(
        ReliableQueue, "fetch_taken", lambda *one, **more: (looks.append(time.sleep(0.1)), fetch(*one, **more))[1]
    )
    queues = [ReliableQueue("train", connection=server, serializer=JSONSerializer)]
    with pytest.raises(DequeueTimeout):
        ReliableQueue.dequeue_any(queues, 1, server, job_class=Job, serializer=JSONSerializer)
    assert 1 <= len(looks) <= 11  # a tenth of a second each; all of them would be 30
