import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as NotReachable
from rq import Queue, Retry
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from onehot.local.server import find_server, free_port
from service.reaper import reap

DEADLINE_S = 20
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


def test_a_lost_job_goes_back_to_its_queue(port: int) -> None:
    """No worker is needed for it, and its place among the running ones is free."""
    with Redis(port=port, password=PASSWORD) as client:
        queue, job = lose(client, lease_ends=1, retries=3)
        reap(Redis(port=port, password=PASSWORD))
        assert queue.job_ids == [job.id]
        assert client.zcard(queue.started_job_registry.key) == 0


def test_a_running_job_is_left_alone(port: int) -> None:
    """Its lease has not run out."""
    with Redis(port=port, password=PASSWORD) as client:
        queue, job = lose(client, lease_ends=time.time() + 3600, retries=3)
        reap(Redis(port=port, password=PASSWORD))
        assert queue.job_ids == []
        assert job.get_status() == JobStatus.STARTED


def test_a_job_without_retries_fails(port: int) -> None:
    """It is in nobody's way, and what its callback names is not run."""
    with Redis(port=port, password=PASSWORD) as client:
        _, job = lose(client, lease_ends=1, retries=1)
        job.retries_left = 0
        job.save()
        client.hset(job.key, "failure_callback_name", "os.abort")
        reap(Redis(port=port, password=PASSWORD))
        assert job.get_status() == JobStatus.FAILED
