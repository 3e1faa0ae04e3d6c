"""Workers and reapers whose clocks are wrong, around one queue's server."""

import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import SimpleNamespace

import pytest
import rq.utils
from redis import Redis
from rq import Queue, Retry
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from models.queue.names import SEARCHES_KNOWN
from service.jobs.reaper import reap
from trainer.worker.training_worker import TrainingWorker

HOUR_S = 3600.0
LEASE_S = 2
SHIFTS = pytest.mark.parametrize("shift_s", [-HOUR_S, -60, 60, HOUR_S])

Clock = Callable[[float], AbstractContextManager[None]]


@pytest.fixture
def clock(monkeypatch) -> Clock:
    """Has everything that is done inside of it see a clock that is wrong by so many seconds."""

    @contextmanager
    def wrong_by(shift_s: float) -> Iterator[None]:
        class Shifted(dt.datetime):
            @classmethod
            def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:  # type: ignore[override]
                return dt.datetime.now(tz) + dt.timedelta(seconds=shift_s)

        real_s = time.time
        shifted = SimpleNamespace(**{**vars(dt), "datetime": Shifted})
        with monkeypatch.context() as patch:
            patch.setattr(rq.utils, "datetime", shifted)
            patch.setattr(time, "time", lambda: real_s() + shift_s)
            yield

    return wrong_by


@pytest.fixture
def server(redis_server: str) -> Iterator[Redis]:
    with Redis.from_url(redis_server) as client:
        client.flushdb()
        client.set(SEARCHES_KNOWN, 1)  # else a worker starts a process that looks for searches
        yield client


@pytest.fixture
def job(server: Redis) -> Job:
    """A job in the queue."""
    queue = Queue("train", connection=server, serializer=JSONSerializer)
    return queue.enqueue("trainer.jobs.train", kwargs={"spec": {}}, retry=Retry(max=3), meta={"model": "digits"})


@pytest.fixture
def start_worker(redis_server: str) -> Callable[[], TrainingWorker]:
    """A worker of this test's own, which does nothing by itself."""

    def start() -> TrainingWorker:
        worker = TrainingWorker(["train"], Redis.from_url(redis_server), lease_s=LEASE_S)
        worker.register_birth()
        return worker

    return start


def begin(worker: TrainingWorker) -> Job:
    """Take the job, and register the attempt."""
    taken = worker.dequeue_job_and_maintain_ttl(1)
    assert taken is not None
    worker.prepare_execution(taken[0])
    return taken[0]


def status(job: Job) -> JobStatus:
    return job.get_status(refresh=True)


@SHIFTS
def test_a_worker_with_a_wrong_clock_leaves_the_jobs_of_living_workers_alone(
    shift_s: float, job: Job, start_worker: Callable[[], TrainingWorker], clock: Clock
) -> None:
    """Leases run by the clock of the queue's server."""
    owner, other = start_worker(), start_worker()
    begin(owner)
    with clock(shift_s):
        other.clean_registries()
    assert status(job) == JobStatus.STARTED


@SHIFTS
def test_a_worker_with_a_wrong_clock_keeps_its_job(
    shift_s: float, job: Job, start_worker: Callable[[], TrainingWorker], clock: Clock
) -> None:
    """At the beginning, and when it renews its lease."""
    owner, other = start_worker(), start_worker()
    with clock(shift_s):
        begun = begin(owner)
    other.clean_registries()
    assert status(job) == JobStatus.STARTED
    with clock(shift_s):
        owner.maintain_heartbeats(begun, next(iter(owner.executions.values())))
    other.clean_registries()
    assert status(job) == JobStatus.STARTED


def test_the_job_of_a_worker_with_a_fast_clock_is_given_back_in_time(
    job: Job, start_worker: Callable[[], TrainingWorker], clock: Clock, wait_until
) -> None:
    """An hour ahead, and it vanished: its job does not wait for an hour."""
    owner, other = start_worker(), start_worker()
    with clock(HOUR_S):
        begin(owner)

    def given_back() -> bool:
        other.clean_registries()
        return status(job) == JobStatus.QUEUED

    wait_until(given_back, deadline_s=LEASE_S + 3)


def test_a_lost_lease_is_not_renewed(job: Job, start_worker: Callable[[], TrainingWorker], server: Redis) -> None:
    """A heartbeat that comes late does not take the job back."""
    owner = start_worker()
    begun = begin(owner)
    server.delete(begun.started_job_registry.key)
    owner.maintain_heartbeats(begun, next(iter(owner.executions.values())))
    assert server.zcard(begun.started_job_registry.key) == 0
    assert status(job) == JobStatus.STARTED


def test_a_job_that_was_just_taken_is_not_stuck_for_a_fast_clock(
    job: Job, start_worker: Callable[[], TrainingWorker], server: Redis, clock: Clock
) -> None:
    """When another worker saw it on its way a moment ago."""
    other = start_worker()
    server.lmove("rq:queue:train", "rq:queue:train:intermediate")
    other.clean_registries()
    with clock(HOUR_S):
        other.clean_registries()
    assert server.lrange("rq:queue:train:intermediate", 0, -1) == [job.id.encode()]


def test_a_reaper_with_a_fast_clock_leaves_running_jobs_alone(
    job: Job, start_worker: Callable[[], TrainingWorker], redis_server: str, clock: Clock
) -> None:
    """It gives nothing back."""
    begin(start_worker())
    with clock(HOUR_S), Redis.from_url(redis_server) as connection:
        reap(connection, patience_s=0.1)
    assert status(job) == JobStatus.STARTED


def test_a_jump_of_the_servers_clock_gives_owners_time_to_renew(
    job: Job, start_worker: Callable[[], TrainingWorker], server: Redis
) -> None:
    """As when a server on another machine took over: every lease has run out at once."""
    owner, other = start_worker(), start_worker()
    begun = begin(owner)
    other.clean_registries()
    lease = next(iter(owner.executions.values()))
    server.zincrby(begun.started_job_registry.key, -HOUR_S, lease.composite_key)
    server_time = other.connection.time
    other.connection.time = lambda: (server_time()[0] + HOUR_S, 0)
    other.clean_registries()
    assert status(job) == JobStatus.STARTED
    assert not other.should_run_maintenance_tasks


def test_a_clock_that_is_set_back_does_not_keep_a_worker_from_looking(
    start_worker: Callable[[], TrainingWorker], clock: Clock, wait_until
) -> None:
    """The pause between two looks is not taken from it."""
    worker = start_worker()
    worker.run_maintenance_tasks()
    with clock(-HOUR_S):
        wait_until(lambda: worker.should_run_maintenance_tasks)
