"""Jobs that the queue has forgotten, or whose events it has: what the store's records tell of them."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from models.queue.events import add_end, add_event
from models.queue.names import EVENTS_KEPT_S, FAILURE_TTL_S, MARKS_KEPT_S, MOST_EVENTS, attempt_key
from models.settings import Settings
from models.store.runs import write_run
from models.store.store import Store
from service.app import create_app

SPEC = {
    "model": "classic",
    "data": {"source": "sklearn://iris"},
    "layers": [{"Dense": {"units": 3, "activation": "softmax"}}],
    "compile": {"optimizer": "Adam", "loss": "categorical_crossentropy"},
}
RESULT = {"model": "classic", "version": 4, "metrics": {"accuracy": 0.9}, "gate": None}


@pytest.fixture
def job(client: FlaskClient, redis: Redis) -> Job:
    """A job that runs."""
    job_id = client.post("/v1/jobs", json=SPEC).json["id"]
    found = Job.fetch(job_id, connection=redis, serializer=JSONSerializer)
    found.set_status(JobStatus.STARTED)
    return found


def epoch(number: int, epochs: int) -> dict[str, Any]:
    return {"event": "epoch", "epoch": number, "epochs": epochs, "metrics": {"loss": 1 / number}, "eta_s": 1.0}


def report(job: Job, epochs: int) -> None:
    """As the trainer does it."""
    earlier = [json.dumps(epoch(number, epochs)) for number in range(1, epochs)]
    job.connection.rpush(f"onehot:job:{job.id}:events", *earlier)
    add_event(job.connection, job.id, epoch(epochs, epochs))
    job.meta["progress"] = {"epoch": epochs, "epochs": epochs, "metrics": {"loss": 1 / epochs}, "eta_s": 0.0}
    job.save_meta()


def record(client: FlaskClient, store_folder: Path, job: Job, *, epochs: int) -> dict[str, Any]:
    """Have the job finish, and its record in the store."""
    job.set_status(JobStatus.FINISHED)
    add_end(job)
    document = {**client.get(f"/v1/jobs/{job.id}").json, "result": RESULT, "spec": SPEC, "first_epoch": 1,
                "history": {"loss": [1 / number for number in range(1, epochs + 1)]}}  # fmt: skip
    write_run(Store.open(store_folder), document)
    return document


def events_of(answer: Any) -> list[tuple[int, str]]:
    blocks = [dict(line.split(": ", 1) for line in block.splitlines()) for block in answer.text.split("\n\n")]
    return [(int(block["id"]), block["event"]) for block in blocks if "id" in block]


def follow(client: FlaskClient, job_id: str, last: int | None = None) -> Any:
    return client.get(f"/v1/jobs/{job_id}/events", headers={} if last is None else {"Last-Event-ID": str(last)})


def test_a_job_that_the_queue_forgot_is_told_from_its_record(client, redis, store_folder, job) -> None:
    """With all that it had; it cannot be canceled, as it has ended."""
    report(job, 3)
    document = record(client, store_folder, job, epochs=3)
    redis.flushall()
    shown = client.get(f"/v1/jobs/{job.id}")
    assert shown.status_code == 200
    assert shown.json == {name: value for name, value in document.items() if name in shown.json}
    assert (shown.json["status"], shown.json["result"]) == ("finished", RESULT)
    refused = client.delete(f"/v1/jobs/{job.id}")
    assert refused.status_code == 409
    assert "has ended already, as finished" in refused.json["error"]
    assert events_of(follow(client, job.id)) == [(0, "epoch"), (1, "epoch"), (2, "epoch"), (3, "end")]
    assert events_of(follow(client, job.id, 1)) == [(2, "epoch"), (3, "end")]
    assert follow(client, job.id, 3).status_code == 204


def test_followers_that_come_late_get_every_epoch_and_the_end(client, redis, store_folder, job) -> None:
    """The queue knows the job, and keeps its events no longer."""
    report(job, 3)
    record(client, store_folder, job, epochs=3)
    redis.delete(f"onehot:job:{job.id}:events")
    answer = follow(client, job.id)
    assert events_of(answer) == [(0, "epoch"), (1, "epoch"), (2, "epoch"), (3, "end")]
    assert json.loads(answer.text.split("data: ")[1].splitlines()[0])["metrics"] == {"loss": 1.0}
    assert events_of(follow(client, job.id, 1)) == [(2, "epoch"), (3, "end")]
    assert follow(client, job.id, 3).status_code == 204


@pytest.mark.parametrize("content", [None, b"{", b"[" * 200_000])
def test_followers_get_the_end_also_without_a_record(client, redis, store_folder, job, content) -> None:
    """None was written, or it is spoiled."""
    report(job, 3)
    record(client, store_folder, job, epochs=3)
    path = store_folder / "classic" / "runs" / f"{job.id}.json"
    path.unlink() if content is None else path.write_bytes(content)
    redis.delete(f"onehot:job:{job.id}:events")
    assert events_of(follow(client, job.id, 0)) == [(1, "end")]
    redis.flushall()
    for path in ("", "/events"):
        assert client.get(f"/v1/jobs/{job.id}{path}").status_code == 404


def test_a_long_training_keeps_its_newest_events_with_their_ids(client, redis, job) -> None:
    """The first are gone; a reconnect goes on where it was."""
    epochs = MOST_EVENTS + 50
    report(job, epochs)
    assert redis.llen(f"onehot:job:{job.id}:events") == MOST_EVENTS
    job.set_status(JobStatus.FINISHED)
    add_end(job)
    known = events_of(follow(client, job.id))
    assert (known[0], known[-1], len(known)) == ((51, "epoch"), (epochs, "end"), MOST_EVENTS)
    assert events_of(follow(client, job.id, epochs - 3))[0] == (epochs - 2, "epoch")
    assert events_of(follow(client, job.id, 7))[0] == (51, "epoch")
    assert follow(client, job.id, epochs).status_code == 204


def test_the_queue_keeps_days(client, redis, job) -> None:
    """Events an hour after the end, marks and canceled jobs for days; how jobs ended is counted once."""
    report(job, 2)
    redis.set(attempt_key(job.id), "first", ex=10**7)
    job.set_status(JobStatus.FAILED)
    for _ in range(2):
        add_end(job)
    assert 0 < redis.ttl(f"onehot:job:{job.id}:events") <= EVENTS_KEPT_S
    assert 0 < redis.ttl(attempt_key(job.id)) <= MARKS_KEPT_S
    assert redis.hgetall("onehot:ended") == {b"train:failed": b"1"}
    waiting = client.post("/v1/jobs", json=SPEC).json["id"]
    assert client.delete(f"/v1/jobs/{waiting}").json["status"] == "canceled"
    assert 0 < redis.ttl(f"rq:job:{waiting}") <= FAILURE_TTL_S
    assert 'onehot_queue_jobs_ended_total{queue="train",status="failed"} 1.0' in client.get("/metrics").text


def test_how_long_jobs_are_kept_is_a_setting(redis, redis_server, store_folder) -> None:
    """Of those that finish, and of those that fail."""
    settings = Settings(store=str(store_folder), redis_url=redis_server, result_ttl_s=100, failure_ttl_s=200)
    job_id = create_app(settings).test_client().post("/v1/jobs", json=SPEC).json["id"]
    job = Job.fetch(job_id, connection=redis, serializer=JSONSerializer)
    assert (job.result_ttl, job.failure_ttl) == (100, 200)
