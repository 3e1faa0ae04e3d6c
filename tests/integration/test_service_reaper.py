import json
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as NotReachable
from rq import Queue, Retry
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from models.queue.events import events_key
from onehot.local.server import find_server, free_port
from service.jobs.reaper import reap

DEADLINE_S = 60
PASSWORD = "for one test"


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """A queue's server of this test's own."""
    number = free_port()
    command = [find_server(), "--port", str(number), "--bind", "127.0.0.1", "--dir", str(tmp_path), "--save", ""]
    server = subprocess.Popen([*command, "--requirepass", PASSWORD], stdout=subprocess.DEVNULL)
    try:
        wait_for(number)
        yield number
    finally:
        server.terminate()
        server.wait()


def wait_for(port: int) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not answers(port):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def answers(port: int) -> bool:
    try:
        with Redis(port=port, password=PASSWORD) as client:
            return bool(client.ping())
    except NotReachable:
        return False


def lose(client: Redis, *, lease_ends: float, retries: int) -> tuple[Queue, Job]:
    """A job whose worker took it and was never heard of again."""
    queue = Queue("train-gpu", connection=client, serializer=JSONSerializer)
    job = queue.enqueue("trainer.jobs.train", kwargs={"spec": {}}, retry=Retry(max=retries), meta={"model": "digits"})
    client.lrem(queue.key, 0, job.id)
    client.zadd(queue.started_job_registry.key, {f"{job.id}:1": lease_ends})
    job.set_status(JobStatus.STARTED)
    return queue, job


def reap_now(port: int, *, patience_s: float = 0.1) -> None:
    with Redis(port=port, password=PASSWORD) as connection:
        reap(connection, patience_s=patience_s)


def events(client: Redis, job: Job) -> list[dict[str, Any]]:
    return [json.loads(one) for one in client.lrange(events_key(job.id), 0, -1)]


def test_a_lost_job_goes_back_to_its_queue(port: int) -> None:
    """No worker is needed for it, its place among the running ones is free, and no client is told that it has ended."""
    with Redis(port=port, password=PASSWORD) as client:
        queue, job = lose(client, lease_ends=1, retries=3)
        reap_now(port)
        assert queue.job_ids == [job.id]
        assert client.zcard(queue.started_job_registry.key) == 0
        assert events(client, job) == []


def test_a_running_job_is_left_alone(port: int) -> None:
    """Its lease has not run out; nothing is waited for."""
    with Redis(port=port, password=PASSWORD) as client:
        queue, job = lose(client, lease_ends=time.time() + 3600, retries=3)
        reap_now(port, patience_s=3600)
        assert queue.job_ids == []
        assert job.get_status() == JobStatus.STARTED


def test_a_lease_that_is_renewed_in_time_counts(port: int) -> None:
    """The queue's server was away, and so every lease ran out: a worker that comes back soon keeps its job."""
    with Redis(port=port, password=PASSWORD) as client:
        queue, job = lose(client, lease_ends=1, retries=3)
        reaping = threading.Thread(target=reap_now, args=(port,), kwargs={"patience_s": 2})
        reaping.start()
        client.zadd(queue.started_job_registry.key, {f"{job.id}:1": time.time() + 3600})
        reaping.join()
        assert job.get_status() == JobStatus.STARTED
        assert queue.job_ids == []


def test_a_worker_that_looks_at_the_moment_is_not_disturbed(port: int) -> None:
    """Maintenance is done under one lock by workers and reaper."""
    with Redis(port=port, password=PASSWORD) as client:
        queue, job = lose(client, lease_ends=1, retries=3)
        client.set("onehot:maintenance:train-gpu", "a worker")
        reap_now(port)
        assert job.get_status() == JobStatus.STARTED
        assert queue.job_ids == []


def test_a_job_without_retries_fails_and_says_so(port: int) -> None:
    """Those who ask are told why, those who follow hear the end, and what its callback names is not run."""
    with Redis(port=port, password=PASSWORD) as client:
        _, job = lose(client, lease_ends=1, retries=1)
        job.retries_left = 0
        job.save()
        client.hset(job.key, "failure_callback_name", "os.abort")
        for _ in range(2):
            reap_now(port)
            assert job.get_status() == JobStatus.FAILED
            assert events(client, job) == [{"event": "end", "status": "failed"}]
        assert job.get_meta()["error"]["type"] == "WorkerLost"


def test_a_job_that_is_stuck_between_queue_and_worker_is_given_back(port: int) -> None:
    """It was taken by a worker that died before it began."""
    with Redis(port=port, password=PASSWORD) as client:
        queue = Queue("train", connection=client, serializer=JSONSerializer)
        job = queue.enqueue("trainer.jobs.train", kwargs={"spec": {}}, retry=Retry(max=3), meta={"model": "digits"})
        stuck = queue.intermediate_queue
        client.lmove(queue.key, stuck.key)
        long_ago = (datetime.now(UTC) - timedelta(hours=1)).timestamp()
        client.set(stuck.get_first_seen_key(job.id), long_ago)
        reap_now(port)
        assert queue.job_ids == [job.id]
        assert events(client, job) == []
