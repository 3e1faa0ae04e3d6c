import json
import os
import subprocess
import sys
import uuid
from dataclasses import replace
from typing import Any

import psutil
import pytest
from redis import Redis
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

from models.queue.events import add_event, events_key, read_events
from models.queue.names import CHECKPOINTS, cancel_key, publishing_key
from models.store.checkpoints import JobCheckpoints
from models.store.store import Store
from trainer.fit.progress import Progress, Superseded, TrainingCanceled
from trainer.queue.attempts import begin_attempt
from trainer.queue.job_progress import RedisProgress
from trainer.worker.checkpoint_cleanup import remove_orphans


@pytest.fixture
def client(redis_server: str) -> Any:
    """A client of the queue's server."""
    with Redis.from_url(redis_server) as connection:
        yield connection


@pytest.fixture
def job(client: Redis) -> Job:
    """A queued job of the model `digits`."""
    queue = Queue(f"q-{uuid.uuid4().hex}", connection=client, serializer=JSONSerializer)
    return queue.enqueue("trainer.jobs.train", meta={"model": "digits", "error": {"type": "x", "message": "y"}})


def progress(epoch: int) -> Progress:
    return Progress(epoch, 5, {"loss": 0.5}, 1.0)


def events(job: Job) -> list[dict[str, Any]]:
    return [json.loads(one) for one in job.connection.lrange(events_key(job.id), 0, -1)]


def test_every_epoch_is_told_once_over_all_attempts(job: Job) -> None:
    """What an attempt trains again has been told already."""
    first = RedisProgress(job, "first")
    for epoch in (1, 2, 3):
        first.on_epoch(progress(epoch))
    second = RedisProgress(job, "second")
    for epoch in (2, 3, 4):
        second.on_epoch(progress(epoch))
    assert [event["epoch"] for event in events(job)] == [1, 2, 3, 4]
    assert job.get_meta()["progress"]["epoch"] == 4
    assert job.get_meta()["model"] == "digits"
    assert "error" not in job.get_meta()


def test_epochs_of_folds_come_before_those_of_the_version_each_once(job: Job) -> None:
    """Under a name of their own; ids follow from what was trained before, whatever an attempt trains again."""
    place = {"repeat": 1, "repeats": 1, "fold": 1, "folds": 2}
    folds = [replace(progress(epoch), fold=place) for epoch in (1, 2)]
    folds += [replace(progress(1), fold={**place, "fold": 2}, trained_before=2)]
    own = [replace(progress(epoch), trained_before=3) for epoch in (1, 2)]
    first = RedisProgress(job, "first")
    for one in folds:
        first.on_epoch(one)
    second = RedisProgress(job, "second")
    for one in (folds[2], *own):
        second.on_epoch(one)
    assert [(one["event"], one["epoch"]) for one in events(job)] == [
        ("fold", 1), ("fold", 2), ("fold", 1), ("epoch", 1), ("epoch", 2)
    ]  # fmt: skip
    assert job.get_meta()["progress"]["trained_before"] == 3
    job.connection.ltrim(events_key(job.id), 3, -1)
    first_id, left = read_events(job.connection, job.id, 0, 10)
    assert (first_id, len(left)) == (3, 2)


def test_a_command_that_is_sent_again_adds_nothing(job: Job) -> None:
    """The answer to the first one may have been lost."""
    for _ in range(2):
        add_event(job.connection, job.id, {"event": "end", "status": "finished"})
    assert events(job) == [{"event": "end", "status": "finished"}]
    assert 0 < job.connection.ttl(events_key(job.id)) <= 30 * 24 * 3600


def test_a_new_attempt_supersedes_the_one_before(job: Job) -> None:
    """Who has no name there yet goes on."""
    observer = RedisProgress(job, "first")
    observer.check()
    begin_attempt(job.connection, job.id, "first")
    RedisProgress(job, "first").check()
    begin_attempt(job.connection, job.id, "second")
    with pytest.raises(Superseded):
        RedisProgress(job, "first").check()
    with pytest.raises(Superseded):
        observer.check_before_publishing()
    with pytest.raises(Superseded):
        observer.on_epoch(progress(1))
    assert events(job) == []
    assert "progress" not in job.get_meta()


def test_it_is_too_late_to_cancel_what_publishes(job: Job) -> None:
    """And in time before that."""
    observer = RedisProgress(job, "first")
    job.connection.set(cancel_key(job.id), 1)
    with pytest.raises(TrainingCanceled):
        observer.check_before_publishing()
    assert not job.connection.exists(publishing_key(job.id))
    job.connection.delete(cancel_key(job.id))
    observer.check_before_publishing()
    assert job.connection.exists(publishing_key(job.id))


def test_checkpoints_of_jobs_that_ended_are_swept(job: Job, tmp_path) -> None:
    """Cancelled, forgotten; those of a job that waits are not."""
    store = Store.open(tmp_path)
    queue = Queue(job.origin, connection=job.connection, serializer=JSONSerializer)
    canceled = queue.enqueue("trainer.jobs.train", meta={"model": "digits"})
    forgotten = queue.enqueue("trainer.jobs.train", meta={"model": "digits"})
    kept = {}
    for one in (job, canceled, forgotten):
        RedisProgress(one, "first").on_checkpoint()
        kept[one.id] = JobCheckpoints(store, "digits", one.id)
        kept[one.id].save(b"state")
    canceled.cancel()
    forgotten.delete()
    remove_orphans(job.connection, store)
    assert kept[job.id].newest() == b"state"
    assert kept[canceled.id].newest() is None
    assert kept[forgotten.id].newest() is None
    assert job.connection.smembers(CHECKPOINTS) == {f"digits/{job.id}".encode()}
    job.connection.delete(CHECKPOINTS)


def test_a_sweep_ends_with_its_worker(job: Job, redis_server: str, wait_until) -> None:
    """Though it still waits for a queue's server that does not answer."""
    RedisProgress(job, "first").on_checkpoint()
    job.cancel()
    worker = (
        "import sys; from trainer.queue.redis_connection import connect\n"
        "from trainer.worker.checkpoint_cleanup import CheckpointCleaner\n"
        "cleaner = CheckpointCleaner(); cleaner.start_when_needed(connect(sys.argv[1])); print(cleaner._process.pid)"
    )
    nowhere = {**os.environ, "ONEHOT_REDIS_URL": "redis://127.0.0.1:1/0"}
    done = subprocess.run(
        [sys.executable, "-c", worker, redis_server], env=nowhere, stdout=subprocess.PIPE, check=True, text=True
    )
    wait_until(lambda: not _runs(int(done.stdout)), what="the cleanup has ended")
    job.connection.delete(CHECKPOINTS)


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
