"""Records of trainings through a real queue's server: what the training tells, who writes it, what is kept."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from redis import Redis
from rq import Queue
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from models.queue.names import UNRECORDED, attempt_key
from models.queue.run_facts import facts_key, keep_written_spec, note_attempt
from models.settings import Settings
from models.store.runs import find_run, stored_runs
from models.store.store import Store
from onehot import direct
from onehot.failures import WorkFailed
from service.app import create_app
from trainer.queue.job_progress import RedisProgress
from trainer.worker.checkpoint_cleanup import record_ended

SPEC = {
    "model": "classic",
    "data": {"source": "sklearn://iris"},
    "layers": [{"Dense": {"units": 3, "activation": "softmax"}}],
    "compile": {"optimizer": "adam", "loss": "categorical_crossentropy"},
}


@pytest.fixture
def redis(redis_server: str) -> Iterator[Redis]:
    """The queue's server, emptied."""
    with Redis.from_url(redis_server) as connection:
        connection.flushall()
        yield connection


@pytest.fixture
def job(redis: Redis) -> Job:
    """A job that waits."""
    queue = Queue("train", connection=redis, serializer=JSONSerializer)
    return queue.enqueue_call("trainer.jobs.train", kwargs={"spec": SPEC}, meta={"model": "classic"})


def test_a_killed_training_keeps_what_it_told(redis: Redis, job: Job, tmp_path: Path) -> None:
    """Another process writes the record: specs, worker, attempts, data, timings; then the queue keeps none of it."""
    keep_written_spec(redis, job.id, SPEC | {"seed": 3})
    keep_written_spec(redis, job.id, {"another": "that came with the same key"})
    for worker in ("a.1", "b.2"):
        note_attempt(redis, job.id, worker)
    redis.sadd(UNRECORDED, f"classic/{job.id}")
    RedisProgress(job, "second").on_facts({"data": {"sha256": "9f"}, "package_versions": {"keras": "3"}})
    job.meta |= {"search": {"id": "s", "trial": 4}}
    job.save_meta()
    job.set_status(JobStatus.FAILED)
    record_ended(redis, Store.open(tmp_path))
    found = find_run(Store.open(tmp_path), job.id) or {}
    assert (found["worker"], found["attempts"], found["search"]) == ("b.2", 2, {"id": "s", "trial": 4})
    assert (found["spec_as_written"], found["spec"]) == (SPEC | {"seed": 3}, SPEC)
    assert (found["data"], found["package_versions"], found["test"]) == ({"sha256": "9f"}, {"keras": "3"}, None)
    assert redis.exists(facts_key(job.id)) == 0


def test_a_superseded_attempt_tells_nothing_more(redis: Redis, job: Job) -> None:
    """Only the attempt that counts does."""
    redis.set(attempt_key(job.id), "second")
    RedisProgress(job, "first").on_facts({"timings_s": {"data": 1.0}})
    assert redis.exists(facts_key(job.id)) == 0
    RedisProgress(job, "second").on_facts({"timings_s": {"data": 2.0}})
    assert redis.hget(facts_key(job.id), "timings_s") == json.dumps({"data": 2.0}).encode()


def test_a_job_that_is_canceled_before_it_begins_has_a_record(redis: Redis, redis_server: str, tmp_path: Path) -> None:
    """The service writes it; the queue can be emptied then. Canceled again, nothing changes."""
    client = create_app(Settings(store=str(tmp_path), redis_url=redis_server)).test_client()
    job_id = client.post("/v1/jobs", json=SPEC).json["id"]
    assert client.delete(f"/v1/jobs/{job_id}").status_code == 202
    assert client.delete(f"/v1/jobs/{job_id}").status_code == 202
    redis.flushall()
    assert [run["status"] for run in client.get("/v1/runs").json["runs"]] == ["canceled"]
    found = client.get(f"/v1/runs/{job_id}").json
    assert (found["spec_as_written"], found["spec"]["fit"]["epochs"]) == (SPEC, 1)
    assert client.get(f"/v1/jobs/{job_id}").json["status"] == "canceled"


@pytest.mark.usefixtures("redis")
def test_a_submission_keeps_the_spec_as_it_was_written(redis_server: str, tmp_path: Path) -> None:
    """Also one of YAML, with what JSON does not have."""
    client = create_app(Settings(store=str(tmp_path), redis_url=redis_server)).test_client()
    text = json.dumps(SPEC).replace('"iris"', "iris") + "\n"
    answer = client.post("/v1/jobs", data=text, content_type="application/yaml")
    assert answer.status_code == 202, answer.json
    client.delete(f"/v1/jobs/{answer.json['id']}")
    assert client.get(f"/v1/runs/{answer.json['id']}").json["spec_as_written"] == SPEC


def test_a_local_training_that_is_killed_has_a_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command that started it writes it, with all that was told until then."""
    epoch = {"event": "epoch", "epoch": 1, "epochs": 5, "metrics": {"loss": 0.5}, "eta_s": 1.0}
    facts = {"event": "facts", "data": {"sha256": "9f"}}
    script = tmp_path / "killed"
    script.write_text(f"#!/bin/sh\necho '{json.dumps(epoch)}'\necho '{json.dumps(facts)}'\nkill -9 $$\n")
    script.chmod(0o755)
    monkeypatch.setattr(direct, "sys", SimpleNamespace(executable=str(script), stderr=sys.stderr, exit=sys.exit))
    monkeypatch.setenv("ONEHOT_STORE", str(tmp_path / "store"))
    with pytest.raises(WorkFailed):
        direct.train_here(SPEC, as_json=True)
    store = Store.open(tmp_path / "store")
    (stored,) = stored_runs(store, "classic")
    run = find_run(store, stored.id) or {}
    assert (run["status"], run["error"]["type"], run["queue"]) == ("failed", "ProcessKilled", "local")
    assert (run["history"], run["data"], run["spec_as_written"]) == ({"loss": [0.5]}, {"sha256": "9f"}, SPEC)
