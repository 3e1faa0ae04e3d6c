"""What `/metrics` says of the queue's server: memory, how long jobs wait, how they ended."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer
from rq.utils import utcformat

from models.queue.names import ENDED_COUNTS
from models.settings import Settings
from service.app import create_app

LIMIT = 2**30
MEMORY = ("onehot_queue_memory_bytes", "onehot_queue_memory_limit_bytes")


@pytest.fixture
def redis(redis: Redis) -> Iterator[Redis]:
    """The queue's server, emptied; without a limit after the test."""
    yield redis
    redis.config_set("maxmemory", 0)


def samples(url: str) -> dict[str, float]:
    """Name and labels → value of all that is about the queue."""
    page = create_app(Settings(redis_url=url)).test_client().get("/metrics").text
    return {
        ",".join((sample.name, *sample.labels.values())): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name.startswith("onehot_queue")
    }


def test_memory_is_set_against_its_limit(redis: Redis, redis_server: str) -> None:
    """Without a limit there is none to compare with."""
    found = samples(redis_server)
    assert 0 < found[MEMORY[0]] < LIMIT
    assert MEMORY[1] not in found
    redis.config_set("maxmemory", LIMIT)
    assert samples(redis_server)[MEMORY[1]] == LIMIT


def test_the_oldest_job_that_waits_is_told(redis: Redis, redis_server: str) -> None:
    """Also behind one that is tried again, which stands first and came later."""
    queue = Queue("train", connection=redis, serializer=JSONSerializer)
    for age_s in (10, 100, 50):
        job = queue.enqueue("trainer.jobs.train", kwargs={"spec": {}})
        redis.hset(job.key, "enqueued_at", utcformat(datetime.now(UTC) - timedelta(seconds=age_s)))
    redis.rpush(queue.key, "forgotten")
    found = samples(redis_server)
    assert found["onehot_queue_oldest_waiting_seconds,train"] == pytest.approx(100, abs=20)
    assert found["onehot_queue_oldest_waiting_seconds,train-gpu"] == 0


def test_a_job_whose_time_is_no_time_is_passed_over(redis: Redis, redis_server: str) -> None:
    """Whatever others put into the queue, the page is made."""
    queue = Queue("train", connection=redis, serializer=JSONSerializer)
    jobs = [queue.enqueue("trainer.jobs.train", kwargs={"spec": {}}) for _ in range(3)]
    long_ago = utcformat(datetime.now(UTC) - timedelta(seconds=100))
    for job, at in zip(jobs, ("yesterday", b"\xff", long_ago), strict=True):
        redis.hset(job.key, "enqueued_at", at)
    assert samples(redis_server)["onehot_queue_oldest_waiting_seconds,train"] == pytest.approx(100, abs=20)


def test_jobs_are_counted_by_how_they_ended(redis: Redis, redis_server: str) -> None:
    """From 0 on, so that the first failure is seen as an increase."""
    assert samples(redis_server)["onehot_queue_jobs_ended_total,train-gpu,failed"] == 0
    redis.hset(ENDED_COUNTS, mapping={"train:failed": 2, "train:finished": 5, "another:failed": 9})
    found = samples(redis_server)
    ended = {name.partition(",")[2]: value for name, value in found.items() if "jobs_ended_total" in name and value}
    assert ended == {"train,failed": 2, "train,finished": 5}


def test_what_the_user_may_not_ask_is_left_out(redis: Redis, redis_server: str) -> None:
    """A server of others gives less to its users; the rest of the page comes."""
    redis.acl_setuser("small", enabled=True, passwords=["+word"], categories=["+@all"], commands=["-info"], keys=["*"])
    found: dict[str, Any] = samples(redis_server.replace("//:", "//small:", 1).replace(password(redis_server), "word"))
    redis.acl_deluser("small")
    assert found["onehot_queue_up"] == 1
    assert "onehot_queue_oldest_waiting_seconds,train" in found
    assert not found.keys() & set(MEMORY)


def password(url: str) -> str:
    return url.partition("//:")[2].partition("@")[0]
