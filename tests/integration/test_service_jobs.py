"""The service's side of the queue, against a real server; the trainer's side is played by the test."""

import json
import threading
import time

import pytest
from flask.testing import FlaskClient
from redis import Redis
from rq import Queue
from rq.job import Job, JobStatus
from rq.results import Result
from rq.serializers import JSONSerializer

SPEC = {
    "model": "classic",
    "data": {"source": "sklearn://iris"},
    "layers": [{"Dense": {"units": 8, "activation": "relu"}}, {"Dense": {"units": 3, "activation": "softmax"}}],
    "compile": {"optimizer": "Adam", "loss": "categorical_crossentropy", "metrics": ["accuracy"]},
}
YAML = b"""
model: classic
data: {source: sklearn://iris}
layers: [Dense: {units: 3, activation: softmax}]
compile: {optimizer: {Adam: {learning_rate: 1e-3}}, loss: categorical_crossentropy}
resources: {gpus: 1}
"""


def submit(client: FlaskClient, **headers: str) -> str:
    answer = client.post("/v1/jobs", json=SPEC, headers=headers)
    assert answer.status_code == 202
    return str(answer.json["id"])


def job_of(redis: Redis, job_id: str) -> Job:
    return Job.fetch(job_id, connection=redis, serializer=JSONSerializer)


def add_events(redis: Redis, job_id: str, *events: dict) -> None:
    redis.rpush(f"onehot:job:{job_id}:events", *map(json.dumps, events))


def epoch(number: int) -> dict:
    return {"event": "epoch", "epoch": number, "epochs": 3, "metrics": {"loss": 0.5}, "eta_s": 1.0}


def events_of(text: str) -> list[tuple[int, str]]:
    blocks = [
        dict(line.split(": ", 1) for line in block.splitlines()) for block in text.split("\n\n") if "id: " in block
    ]
    return [(int(block["id"]), block["event"]) for block in blocks]


def test_a_spec_is_queued_by_name_with_json_arguments(client, redis) -> None:
    """Nothing but the name of the function and the spec goes to the queue."""
    answer = client.post("/v1/jobs", json=SPEC)
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/v1/jobs/{answer.json['id']}"
    assert (answer.json["status"], answer.json["model"], answer.json["queue"]) == ("queued", "classic", "train")
    job = job_of(redis, answer.json["id"])
    assert job.func_name == "trainer.jobs.train"
    assert job.kwargs["spec"]["data"]["source"] == "sklearn://iris"
    assert (job.timeout, job.retries_left) == (-1, 3)
    assert redis.lrange("rq:queue:train", 0, -1) == [job.id.encode()]


def test_a_job_holds_what_was_seen_of_its_data(client, redis, tmp_path, monkeypatch) -> None:
    """Its worker compares it with what it finds."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data.csv").write_text("a,b,label\n" + "1,2,x\n3,4,y\n" * 20)
    changes = {"data": {"source": "data.csv"}, "layers": [{"Dense": {"units": 2, "activation": "softmax"}}]}
    answer = client.post("/v1/jobs", json={**SPEC, **changes})
    seen = job_of(redis, answer.json["id"]).meta["data"]["data.source"]
    assert seen["layout"] == "columns a, b, target label"
    assert seen["content"].startswith("sha-256 ")


def test_yaml_is_read_too_and_gpus_choose_the_queue(client, redis) -> None:
    """As on the command line."""
    answer = client.post("/v1/jobs", data=YAML, content_type="application/yaml")
    assert answer.json["queue"] == "train-gpu"
    assert redis.llen("rq:queue:train-gpu") == 1


def test_a_spec_with_five_mistakes_gets_five_messages_and_queues_nothing(client, redis) -> None:
    """Each with its path."""
    wrong = {**SPEC, "model": "Bad Name", "seed": "x", "layers": [{"Dense": {"units": -1, "activation": "softmax"}}],
             "fit": {"epochs": 0, "batch_size": "many"}}  # fmt: skip
    answer = client.post("/v1/jobs", json=wrong)
    assert answer.status_code == 400
    assert sorted(one["path"] for one in answer.json["details"]) == [
        "fit.batch_size", "fit.epochs", "layers.0.Dense.units", "model", "seed",
    ]  # fmt: skip
    assert redis.dbsize() == 0


def test_data_that_does_not_fit_the_network_is_said_at_once(client, redis) -> None:
    """The data preview is enough for it."""
    wrong = {**SPEC, "layers": [{"Dense": {"units": 7, "activation": "softmax"}}]}
    answer = client.post("/v1/jobs", json=wrong)
    assert answer.status_code == 400
    assert "3 units" in answer.json["details"][0]["message"]
    assert redis.dbsize() == 0


def test_the_same_key_gives_the_same_job(client, redis) -> None:
    """However often and from however many at once; with another spec it is refused."""
    ids: list[str] = []
    threads = [
        threading.Thread(target=lambda: ids.append(submit(client, **{"Idempotency-Key": "k1"}))) for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(ids)) == 1
    assert len(ids) == 5
    assert redis.llen("rq:queue:train") == 1
    other = client.post("/v1/jobs", json={**SPEC, "seed": 9}, headers={"Idempotency-Key": "k1"})
    assert other.status_code == 409
    assert ids[0] in other.json["error"]
    assert submit(client, **{"Idempotency-Key": "k2"}) != ids[0]


def test_jobs_are_listed_the_newest_first(client, redis) -> None:
    """Those that the queue has forgotten are left out."""
    ids = [submit(client) for _ in range(3)]
    assert [job["id"] for job in client.get("/v1/jobs").json["jobs"]] == ids[::-1]
    assert [job["id"] for job in client.get("/v1/jobs?limit=1").json["jobs"]] == ids[:1:-1]
    job_of(redis, ids[1]).delete()
    now_s = time.time()
    redis.zadd("onehot:jobs", {ids[1]: now_s - 3600, "on-its-way": now_s})
    assert [job["id"] for job in client.get("/v1/jobs").json["jobs"]] == [ids[2], ids[0]]
    assert redis.zscore("onehot:jobs", ids[1]) is None
    assert redis.zscore("onehot:jobs", "on-its-way") == pytest.approx(now_s)
    assert client.get("/v1/jobs?limit=0").status_code == 400


def test_a_job_tells_its_progress_and_its_result(client, redis) -> None:
    """As the trainer recorded them."""
    job = job_of(redis, submit(client))
    job.meta["progress"] = {"epoch": 2, "epochs": 3, "metrics": {"loss": 0.5}, "eta_s": 1.0}
    job.save_meta()
    job.set_status(JobStatus.STARTED)
    shown = client.get(f"/v1/jobs/{job.id}").json
    assert (shown["status"], shown["progress"]["epoch"], shown["result"], shown["error"]) == ("started", 2, None, None)
    result = {"model": "classic", "version": 4, "metrics": {"accuracy": 0.9}, "gate": None}
    job.set_status(JobStatus.FINISHED)
    Result.create(job, Result.Type.SUCCESSFUL, ttl=60, return_value=result)
    shown = client.get(f"/v1/jobs/{job.id}").json
    assert (shown["status"], shown["result"]) == ("finished", result)


def test_a_failed_job_tells_one_line(client, redis) -> None:
    """The trainer's words; else the last line of the traceback, never the rest."""
    job = job_of(redis, submit(client))
    job.set_status(JobStatus.FAILED)
    trace = 'Traceback (most recent call last):\n  File "/secret/place.py", line 1\nbuiltins.ValueError: too few rows\n'
    Result.create(job, Result.Type.FAILED, ttl=60, exc_string=trace)
    assert client.get(f"/v1/jobs/{job.id}").json["error"] == {"type": "ValueError", "message": "too few rows"}
    job.meta["error"] = {"type": "DataError", "message": "column x is missing"}
    job.save_meta()
    answer = client.get(f"/v1/jobs/{job.id}")
    assert answer.json["error"] == {"type": "DataError", "message": "column x is missing"}
    assert "secret" not in answer.text


def test_a_waiting_job_is_taken_back(client, redis) -> None:
    """It never starts; asking twice changes nothing."""
    job_id = submit(client)
    for _ in range(2):
        answer = client.delete(f"/v1/jobs/{job_id}")
        assert (answer.status_code, answer.json["status"]) == (202, "canceled")
    assert redis.llen("rq:queue:train") == 0
    assert events_of(client.get(f"/v1/jobs/{job_id}/events").text) == [(0, "end")]


def test_a_running_job_is_asked_to_stop(client, redis) -> None:
    """Its state is the trainer's to change."""
    job = job_of(redis, submit(client))
    job.set_status(JobStatus.STARTED)
    assert client.delete(f"/v1/jobs/{job.id}").json["status"] == "started"
    assert redis.exists(f"onehot:job:{job.id}:cancel")


def test_an_ended_job_cannot_be_canceled(client, redis) -> None:
    """It says how it ended."""
    job = job_of(redis, submit(client))
    job.set_status(JobStatus.FINISHED)
    answer = client.delete(f"/v1/jobs/{job.id}")
    assert answer.status_code == 409
    assert "finished" in answer.json["error"]


@pytest.mark.parametrize("job_id", ["0123456789abcdef0123456789abcdef", "a b", "..", "x" * 500])
def test_a_job_that_is_not_there_is_a_404(client, job_id) -> None:
    """Whatever is asked of it."""
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/events")):
        assert client.open(f"/v1/jobs/{job_id}{path}", method=method).status_code == 404


def test_events_come_one_for_each_epoch_then_the_end(client, redis) -> None:
    """As server-sent events with ids."""
    job_id = submit(client)
    add_events(redis, job_id, epoch(1), epoch(2), epoch(3), {"event": "end", "status": "finished"})
    answer = client.get(f"/v1/jobs/{job_id}/events")
    assert answer.content_type == "text/event-stream"
    assert events_of(answer.text) == [(0, "epoch"), (1, "epoch"), (2, "epoch"), (3, "end")]
    assert '"eta_s":1.0' in answer.text


def test_a_reconnect_goes_on_after_the_last_event(client, redis) -> None:
    """Nothing twice, nothing lost; after the end there is nothing to come back for."""
    job_id = submit(client)
    add_events(redis, job_id, epoch(1), epoch(2), {"event": "end", "status": "finished"})
    job_of(redis, job_id).set_status(JobStatus.FINISHED)
    after_first = client.get(f"/v1/jobs/{job_id}/events", headers={"Last-Event-ID": "0"})
    assert events_of(after_first.text) == [(1, "epoch"), (2, "end")]
    assert client.get(f"/v1/jobs/{job_id}/events", headers={"Last-Event-ID": "2"}).status_code == 204
    assert client.get(f"/v1/jobs/{job_id}/events", headers={"Last-Event-ID": "x"}).status_code == 400


def test_an_end_that_nobody_told_is_told_from_the_status(client, redis) -> None:
    """A work-horse that was killed tells nothing."""
    job_id = submit(client)
    add_events(redis, job_id, epoch(1))
    job_of(redis, job_id).set_status(JobStatus.FAILED)
    answer = client.get(f"/v1/jobs/{job_id}/events")
    assert events_of(answer.text) == [(0, "epoch"), (1, "end")]
    assert '"status":"failed"' in answer.text
    assert client.get(f"/v1/jobs/{job_id}/events", headers={"Last-Event-ID": "1"}).status_code == 204


def test_events_are_followed_while_they_happen(client, redis) -> None:
    """The stream is open before the first of them."""
    job_id = submit(client)
    chunks = client.get(f"/v1/jobs/{job_id}/events", buffered=False).iter_encoded()
    assert next(chunks).startswith(b"retry:")
    add_events(redis, job_id, epoch(1))
    assert b"event: epoch" in next(chunks)
    add_events(redis, job_id, {"event": "end", "status": "finished"})
    assert b"event: end" in next(chunks)
    assert list(chunks) == []


def test_a_queued_job_says_behind_how_many_it_waits(client, redis) -> None:
    """Those before it and those that run; none once it runs."""
    ids = [submit(client) for _ in range(3)]

    def ahead():
        listed = {job["id"]: job["jobs_ahead"] for job in client.get("/v1/jobs").json["jobs"]}
        assert [client.get(f"/v1/jobs/{one}").json["jobs_ahead"] for one in ids] == [listed[one] for one in ids]
        return [listed[one] for one in ids]

    assert ahead() == [0, 1, 2]
    redis.lpop("rq:queue:train")
    redis.zadd("rq:wip:train", {f"{ids[0]}:1": 4_000_000_000})
    Job.fetch(ids[0], connection=redis, serializer=JSONSerializer).set_status(JobStatus.STARTED)
    assert ahead() == [None, 1, 2]


def test_a_data_set_that_a_job_reads_is_not_deleted(client, redis) -> None:
    """By whichever name; once the job has ended it goes."""
    rows = b"a,b,y\n" + b"1,2,p\n3,4,q\n" * 20
    uploaded = client.post("/v1/datasets", query_string={"name": "pq.csv"}, data=rows).json
    other = client.post("/v1/datasets", query_string={"name": "other.csv"}, data=rows + b"5,6,p\n").json
    for source in ("dataset://pq.csv", uploaded["source"]):
        spec = {**SPEC, "data": {"source": source}, "layers": [{"Dense": {"units": 2, "activation": "softmax"}}]}
        job_id = client.post("/v1/jobs", json=spec).json["id"]
        for reference in ("pq.csv", uploaded["sha256"]):
            answer = client.delete(f"/v1/datasets/{reference}")
            assert answer.status_code == 409
            assert job_id in answer.json["error"]
        assert client.delete(f"/v1/jobs/{job_id}").status_code == 202
    assert client.delete(f"/v1/datasets/{other['sha256']}").status_code == 204
    running = client.post("/v1/jobs", json=spec).json["id"]
    queue = Queue("train", connection=redis, serializer=JSONSerializer)
    redis.lrem(queue.key, 0, running)
    job_of(redis, running).prepare_for_execution("a worker", redis.pipeline())
    redis.zadd(queue.started_job_registry.key, {f"{running}:1": time.time() + 60})
    assert client.delete("/v1/datasets/pq.csv").status_code == 409
    redis.zrem(queue.started_job_registry.key, f"{running}:1")
    assert client.delete("/v1/datasets/pq.csv").status_code == 204
