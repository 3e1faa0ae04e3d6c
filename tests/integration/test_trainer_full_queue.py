"""The worker's side of a queue's server that takes no writes for now, or that has forgotten everything."""

import json
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import ResponseError
from rq import Queue, Worker
from rq.exceptions import StopRequested
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from models.queue.events import events_key
from models.queue.names import CHECKPOINTS, INDEX, SEARCH_JOBS, SEARCHES_KNOWN, UNRECORDED, attempt_key
from models.searches.search_document import SearchDocument, new_search, new_search_id
from models.settings import read_settings
from models.store.runs import find_run
from models.store.store import Store
from tests.timing import not_waiting_for
from trainer.fit.progress import Progress, Superseded
from trainer.queue import full_queue, redis_connection
from trainer.queue.attempts import begin_attempt
from trainer.queue.full_queue import not_waiting
from trainer.queue.job_progress import RedisProgress
from trainer.queue.redis_connection import await_server, connect
from trainer.worker import checkpoint_cleanup
from trainer.worker.checkpoint_cleanup import hear_of_ended, record_ended
from trainer.worker.leasing_worker import LeasingWorker
from trainer.worker.search_jobs import find_running_searches
from trainer.worker.training_worker import TrainingWorker

FULL_S = 0.7


@pytest.fixture
def server(redis_server: str) -> Iterator[Redis]:
    """A client of the queue's server, which has room again after the test."""
    with Redis.from_url(redis_server) as connection:
        connection.flushall()
        yield connection
        connection.config_set("maxmemory", 0)


@pytest.fixture
def client(redis_server: str) -> Iterator[Redis]:
    """The worker's."""
    with connect(redis_server) as connection:
        yield connection


@pytest.fixture
def job(client: Redis, server: Redis) -> Job:
    """A job of the model `digits`, submitted and listed."""
    queue = Queue(f"q-{uuid.uuid4().hex}", connection=client, serializer=JSONSerializer)
    queued = queue.enqueue("trainer.jobs.train", kwargs={"spec": {"model": "digits"}}, meta={"model": "digits"})
    server.zadd(INDEX, {queued.id: 1.0})
    return queued


def full_for_a_while(server: Redis) -> threading.Timer:
    """No writes from now on, until the timer has run."""
    server.config_set("maxmemory", 1)
    timer = threading.Timer(FULL_S, server.config_set, ("maxmemory", 0))
    timer.start()
    return timer


def progress(epoch: int) -> Progress:
    return Progress(epoch, 5, {"loss": 0.5}, 1.0)


def epochs(job: Job, server: Redis) -> list[int]:
    return [json.loads(one)["epoch"] for one in server.lrange(events_key(job.id), 0, -1)]


def write(client: Redis, how: str) -> None:
    """As RQ and Onehot do it."""
    if how == "a command":
        client.set("k", 1)
    elif how == "a script":
        client.eval("return redis.call('SET', KEYS[1], 1)", 1, "k")
    else:
        with client.pipeline() as pipeline:
            if how == "a watched transaction":
                pipeline.watch("other")
                pipeline.multi()
            pipeline.delete("other")
            pipeline.set("k", 1)
            pipeline.execute()


@pytest.mark.parametrize("how", ["a command", "a script", "a transaction", "a watched transaction"])
def test_a_worker_waits_for_room(client: Redis, server: Redis, caplog: Any, how: str) -> None:
    """It says why, once; and reads meanwhile."""
    timer = full_for_a_while(server)
    started_s = time.monotonic()
    assert client.get("k") is None
    with not_waiting(), pytest.raises(ResponseError):
        write(client, how)
    write(client, how)
    assert time.monotonic() - started_s >= FULL_S
    assert client.get("k") == b"1"
    timer.join()
    assert [record.getMessage() for record in caplog.records] == ["the queue's memory is full: it is tried again"]


def test_a_worker_that_has_to_end_waits_no_longer(client: Redis, server: Redis, monkeypatch: Any) -> None:
    """Its lease runs out then; it does not even sign off."""
    worker = LeasingWorker(["train"], client)
    worker.register_birth()
    monkeypatch.setattr(full_queue, "is_shutting_down", lambda *, for_s: for_s > 0)
    server.config_set("maxmemory", 1)
    with pytest.raises(StopRequested):
        client.set("k", 1)
    worker.register_death()


def test_epochs_wait_while_the_training_goes_on(job: Job, server: Redis) -> None:
    """Each is reported once, in order, when there is room; where checkpoints are likewise."""
    observer = RedisProgress(job, "first")
    observer.on_epoch(progress(1))
    server.config_set("maxmemory", 1)
    with not_waiting_for("room, which a worker waits for as long as there is none", lasts_s=60):
        observer.on_checkpoint()
        for epoch in (2, 3, 4):
            observer.on_epoch(progress(epoch))
            observer.check()
    assert epochs(job, server) == [1]
    server.config_set("maxmemory", 0)
    observer.on_epoch(progress(5))
    assert epochs(job, server) == [1, 2, 3, 4, 5]
    assert server.smembers(CHECKPOINTS) == {f"digits/{job.id}".encode()}
    assert job.get_meta()["progress"]["epoch"] == 5


def test_what_waits_is_reported_before_the_job_ends(job: Job, server: Redis) -> None:
    """The worker waits for room then; an attempt that is superseded meanwhile reports nothing."""
    observer = RedisProgress(job, "first")
    timer = full_for_a_while(server)
    observer.on_epoch(progress(1))
    assert epochs(job, server) == []
    observer.report()
    timer.join()
    assert epochs(job, server) == [1]
    server.config_set("maxmemory", 1)
    observer.on_epoch(progress(2))
    server.config_set("maxmemory", 0)
    begin_attempt(server, job.id, "second")
    with pytest.raises(Superseded):
        observer.report()
    assert epochs(job, server) == [1]


def test_a_start_waits_for_a_disk_that_is_full(redis_server: str, server: Redis, caplog: Any, monkeypatch: Any) -> None:
    """It is no refusal of this worker, and what it waits for is said."""
    monkeypatch.setattr(redis_connection, "LOOK_S", 0.05)
    snapshot = Path(server.config_get("dir")["dir"], "dump.rdb")
    snapshot.mkdir(exist_ok=True)  # it is not replaced then
    server.bgsave()
    server.config_set("save", "3600 1")
    try:
        while server.info("persistence")["rdb_last_bgsave_status"] == "ok":
            time.sleep(0.02)
        timer = threading.Timer(FULL_S, server.config_set, ("save", ""))
        timer.start()
        await_server(redis_server)
        timer.join()
    finally:
        server.config_set("save", "")
        snapshot.rmdir()
    assert "the queue's disk is full, or cannot be written" in caplog.text


def test_a_worker_that_was_forgotten_registers_again(client: Redis, server: Redis) -> None:
    """At its next sign of life, idle or busy."""
    worker = LeasingWorker(["train"], client)
    worker.register_birth()
    server.flushall()
    assert Worker.all(connection=server) == []
    worker.heartbeat()
    (found,) = Worker.all(connection=server)
    assert (found.name, found.pid, found.queue_names()) == (worker.name, worker.pid, ["train"])
    assert server.scard("rq:workers:train") == 1
    assert server.ttl(worker.key) > 0
    worker.register_death()


def test_a_running_job_that_was_forgotten_is_written_again(client: Redis, server: Redis, job: Job) -> None:
    """Its record, its place in the list, its lease, its attempt; what it reports meanwhile stays."""
    worker = TrainingWorker([job.origin], client)
    worker.register_birth()
    running = worker.job_class.fetch(job.id, connection=client, serializer=JSONSerializer)
    execution = worker.prepare_execution(running)
    observer = RedisProgress(running, execution.id)
    observer.on_epoch(progress(1))
    server.flushall()
    observer.on_epoch(progress(2))
    for _ in range(2):
        worker.maintain_heartbeats(running, execution)
    found = Job.fetch(job.id, connection=server, serializer=JSONSerializer)
    assert (found.get_status(), found.worker_name) == (JobStatus.STARTED, worker.name)
    assert found.kwargs == {"spec": {"model": "digits"}}
    assert (found.meta["model"], found.meta["progress"]["epoch"]) == ("digits", 2)
    assert server.zscore(INDEX, job.id) is not None
    assert worker.has_lease(running, execution)
    assert server.get(attempt_key(job.id)) == execution.id.encode()
    assert server.smembers(UNRECORDED) == {f"digits/{job.id}".encode()}
    assert epochs(job, server) == [2]
    worker.register_death()


def test_a_process_is_started_for_records_that_stay_away(server: Redis, job: Job, monkeypatch: Any) -> None:
    """The work-horse of a job that has just ended is about to write its own."""
    started: list[Any] = []
    monkeypatch.setattr(checkpoint_cleanup.subprocess, "Popen", started.append)
    cleaner = checkpoint_cleanup.CheckpointCleaner()
    server.sadd(UNRECORDED, f"digits/{job.id}")
    cleaner.start_when_needed(server)
    job.set_status(JobStatus.FINISHED)
    cleaner.start_when_needed(server)
    assert started == []
    cleaner.start_when_needed(server)
    assert len(started) == 1


def test_a_process_is_started_where_the_server_knows_nothing_of_searches(server: Redis, monkeypatch: Any) -> None:
    """At the second look, when workers have written again what they run; not again once a process has done it."""
    started: list[Any] = []
    monkeypatch.setattr(checkpoint_cleanup.subprocess, "Popen", started.append)
    cleaner = checkpoint_cleanup.CheckpointCleaner()
    cleaner.start_for_searches(server)
    assert started == []
    cleaner.start_for_searches(server)
    assert len(started) == 1
    server.set(SEARCHES_KNOWN, 1)
    cleaner.start_for_searches(server)
    assert len(started) == 1


def test_the_start_of_a_search_that_was_forgotten_is_heard_of_and_leaves_no_record(
    client: Redis, server: Redis
) -> None:
    """It trains nothing."""
    meta = {"model": "digits", "search": {"id": "5" * 32}}
    queue = Queue("train", connection=client, serializer=JSONSerializer)
    job = queue.enqueue("trainer.jobs.train", kwargs={"spec": {"model": "digits"}, "step": {}}, meta=meta)
    worker = TrainingWorker([job.origin], client)
    worker.register_birth()
    running = worker.job_class.fetch(job.id, connection=client, serializer=JSONSerializer)
    execution = worker.prepare_execution(running)
    server.flushall()
    worker.maintain_heartbeats(running, execution)
    assert server.exists(job.key)
    assert server.smembers(UNRECORDED) == set()
    assert server.smembers(SEARCH_JOBS) == {f"digits/{'5' * 32}/{job.id}".encode()}
    worker.register_death()


def test_searches_that_run_are_queued_again_on_a_server_that_has_forgotten_them(server: Redis, tmp_path: Path) -> None:
    """One that has ended is left alone."""
    store, settings = Store.open(tmp_path), read_settings({"ONEHOT_STORE": str(tmp_path)})
    layers = [{"Dense": {"units": 8}}, {"Dense": {"units": 3, "activation": "softmax"}}]
    search = {"trials": 3, "parallel": 2, "space": {"layers.0.Dense.units": {"int": [4, 16]}}}
    compiled = {"optimizer": "adam", "loss": "categorical_crossentropy"}
    spec = {"model": "digits", "data": {"source": "sklearn://iris"}, "layers": layers, "compile": compiled}
    running, ended = new_search_id(), new_search_id()
    for search_id, status in ((running, "running"), (ended, "finished")):
        document = new_search(search_id, "digits", {**spec, "search": search}, {})
        SearchDocument(store, "digits", search_id).create({**document, "status": status})
    for _ in range(2):
        find_running_searches(server, store)
        hear_of_ended(server, store, settings)
    found = SearchDocument(store, "digits", running).read()
    assert found is not None
    queued = Queue("train", connection=server, serializer=JSONSerializer).get_job_ids()
    assert sorted(queued) == sorted(job["job_id"] for job in found["jobs"][:2])
    assert server.smembers(SEARCH_JOBS) == {f"digits/{running}/{job_id}".encode() for job_id in queued}


def test_a_job_that_ended_without_a_record_gets_one(server: Redis, job: Job, tmp_path: Path) -> None:
    """Its process was killed; one that is forgotten has nothing to record, one that runs not yet."""
    store = Store.open(tmp_path)
    observer = RedisProgress(job, "first")
    for epoch in (1, 2):
        observer.on_epoch(progress(epoch))
    server.sadd(UNRECORDED, f"digits/{job.id}", "digits/forgotten", "digits/no job", "../escaped/x")
    record_ended(server, store)
    assert server.smembers(UNRECORDED) == {f"digits/{job.id}".encode()}
    job.set_status(JobStatus.FAILED)
    record_ended(server, store)
    assert server.scard(UNRECORDED) == 0
    record = find_run(store, job.id)
    assert record is not None
    assert (record["status"], record["spec"], record["progress"]["epoch"]) == ("failed", {"model": "digits"}, 2)
    assert (record["first_epoch"], record["history"]) == (1, {"loss": [0.5, 0.5]})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["digits"]
