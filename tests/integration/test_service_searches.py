"""Searches over HTTP, against a real queue's server; the trainer's side is played by the test."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis
from rq.job import Job
from rq.serializers import JSONSerializer

from models.queue.search_step import job_id_of
from models.searches.search_document import SearchDocument
from models.settings import Settings
from models.store.store import Store
from service.app import create_app

UNITS = "layers.0.Dense.units"
SPEC = {
    "model": "classic",
    "data": {"source": "sklearn://iris"},
    "layers": [{"Dense": {"units": 8, "activation": "relu"}}, {"Dense": {"units": 3, "activation": "softmax"}}],
    "compile": {"optimizer": "Adam", "loss": "categorical_crossentropy", "metrics": ["accuracy"]},
    "search": {"objective": "val_accuracy", "trials": 3, "parallel": 2, "space": {UNITS: {"int": [4, 16]}}},
}


@pytest.fixture
def redis(redis_server: str) -> Iterator[Redis]:
    """The queue's server, emptied."""
    with Redis.from_url(redis_server) as connection:
        connection.flushall()
        yield connection


@pytest.fixture
def client(redis: Redis, redis_server: str, store_folder: Any) -> FlaskClient:
    """Talks to an application whose queue and store are there."""
    assert redis.dbsize() == 0
    return create_app(Settings(store=str(store_folder), redis_url=redis_server)).test_client()


def submit(client: FlaskClient, **headers: str) -> dict[str, Any]:
    """A search that was accepted."""
    answer = client.post("/v1/searches", json=SPEC, headers=headers)
    assert answer.status_code == 202, answer.json
    assert answer.headers["Location"] == f"/v1/searches/{answer.json['id']}"
    return dict(answer.json)


def train(store_folder: Any, search_id: str, *values: float, **ends: Any) -> None:
    """Play the trainer: trials of one job each, and how the search ended."""
    trials = [
        {"number": number, "numbers": {UNITS: 4.0}, "parameters": {UNITS: 4 + number}, "status": "finished",
         "value": value, "epochs": 1, "rung": 0}
        for number, value in enumerate(values)
    ]  # fmt: skip
    jobs = [
        {"job_id": job_id_of(search_id, number, 0, 0), "trial": number, "rung": 0, "repeat": 0, "status": "finished",
         "value": value, "epochs": 1, "history": [value], "error": None, "place": number + 1}
        for number, value in enumerate(values)
    ]  # fmt: skip
    document = SearchDocument(Store.open(store_folder), "classic", search_id)
    document.change(lambda before: {**before, "trials": trials, "jobs": jobs, **ends})


def test_a_search_is_a_document_and_a_job_that_starts_it(client: FlaskClient, redis: Redis) -> None:
    """The service proposes nothing: a trainer does, when that job has ended."""
    shown = submit(client)
    assert (shown["status"], shown["model"], shown["trial_count"], shown["trials"]) == ("running", "classic", 3, [])
    assert shown["direction"] == "maximize"
    assert shown["spec"] == SPEC
    job = Job.fetch(job_id_of(shown["id"], "start"), connection=redis, serializer=JSONSerializer)
    assert (job.func_name, job.kwargs["step"]) == ("trainer.jobs.train", {})
    assert job.meta["search"] == {"id": shown["id"]}
    assert job.origin == "train"
    assert client.get(f"/v1/searches/{shown['id']}").json == shown


def test_everything_that_is_wrong_in_a_search_is_a_400_with_each_path(client: FlaskClient, redis: Redis) -> None:
    """And nothing is queued or stored."""
    wrong = copy.deepcopy(SPEC)
    wrong["search"] = {
        "objective": "accuracy",
        "space": {"layers.7.Dense.units": {"int": [4, 16]}, UNITS: {"int": [-1, 4]}},
    }
    answer = client.post("/v1/searches", json=wrong)
    assert answer.status_code == 400
    assert {one["path"] for one in answer.json["details"]} == {
        "search.objective", "search.space.layers.7.Dense.units", f"search.space.{UNITS}.int.0",
    }  # fmt: skip
    missing = client.post("/v1/searches", json={key: part for key, part in SPEC.items() if key != "search"})
    assert (missing.status_code, missing.json["details"][0]["path"]) == (400, "search")
    assert redis.dbsize() == 0
    assert client.get("/v1/searches").json == {"searches": []}


def test_a_job_of_the_same_spec_trains_its_own_values(client: FlaskClient, redis: Redis) -> None:
    """A `search` stands in the way of no training."""
    answer = client.post("/v1/jobs", json=SPEC)
    assert answer.status_code == 202
    job = Job.fetch(answer.json["id"], connection=redis, serializer=JSONSerializer)
    assert "search" not in job.kwargs["spec"]


def test_the_same_key_gives_the_same_search_and_refuses_another_spec(client: FlaskClient) -> None:
    """As for jobs."""
    first, again = submit(client, **{"Idempotency-Key": "a"}), submit(client, **{"Idempotency-Key": "a"})
    assert first["id"] == again["id"]
    other = {**SPEC, "seed": 5}
    assert client.post("/v1/searches", json=other, headers={"Idempotency-Key": "a"}).status_code == 409


def test_a_trial_whose_job_has_not_begun_waits(client: FlaskClient, redis: Redis, store_folder: Any) -> None:
    """Whether it is queued, or not even that yet; while the queue is away what was decided last is shown."""
    search_id = submit(client)["id"]
    train(store_folder, search_id, 0.5, 0.6, 0.7)

    def begin(before: dict[str, Any]) -> dict[str, Any]:
        trials = [{**trial, "status": "running", "value": None} for trial in before["trials"]]
        return {**before, "trials": trials, "jobs": [{**job, "status": "open"} for job in before["jobs"]]}

    SearchDocument(Store.open(store_folder), "classic", search_id).change(begin)
    for number, status in enumerate(("started", "queued")):
        redis.hset(Job.key_for(job_id_of(search_id, number, 0, 0)), "status", status)
    shown = client.get(f"/v1/searches/{search_id}").json
    assert [trial["status"] for trial in shown["trials"]] == ["running", "waiting", "waiting"]
    away = create_app(Settings(store=str(store_folder), redis_url="redis://127.0.0.1:1/0")).test_client()
    shown = away.get(f"/v1/searches/{search_id}").json
    assert [trial["status"] for trial in shown["trials"]] == ["running", "running", "waiting"]


def test_searches_are_listed_the_newest_first_by_pages_status_and_model(client: FlaskClient, store_folder: Any) -> None:
    """Unknown parameters and values are refused."""
    ids = [submit(client)["id"] for _ in range(3)]
    train(store_folder, ids[0], 0.5, status="finished")
    page = client.get("/v1/searches?limit=2").json
    assert [one["id"] for one in page["searches"]] == [ids[2], ids[1]]
    rest = client.get(f"/v1/searches?limit=2&cursor={page['next']}").json
    assert [one["id"] for one in rest["searches"]] == [ids[0]]
    assert "next" not in rest
    assert [one["id"] for one in client.get("/v1/searches?status=finished").json["searches"]] == [ids[0]]
    assert client.get("/v1/searches?model=other").json == {"searches": []}
    assert client.get("/v1/searches?status=lost").status_code == 400
    assert client.get("/v1/searches?colour=red").status_code == 400


def test_events_are_one_for_each_job_of_a_trial_and_go_on_where_a_client_was(
    client: FlaskClient, store_folder: Any
) -> None:
    """Then the end, after which there is nothing more."""
    search_id = submit(client)["id"]
    train(store_folder, search_id, 0.5, 0.9, 0.7, status="finished")
    text = client.get(f"/v1/searches/{search_id}/events").text
    events = [json.loads(line.removeprefix("data: ")) for line in text.splitlines() if line.startswith("data: ")]
    assert [(one.get("trial"), one.get("value"), (one.get("best") or {}).get("trial")) for one in events] == [
        (0, 0.5, 0), (1, 0.9, 1), (2, 0.7, 1), (None, None, None),
    ]  # fmt: skip
    later = client.get(f"/v1/searches/{search_id}/events", headers={"Last-Event-ID": "1"}).text
    assert [line for line in later.splitlines() if line.startswith("id:")] == ["id: 2", "id: 3"]
    assert client.get(f"/v1/searches/{search_id}/events", headers={"Last-Event-ID": "3"}).status_code == 204


def test_a_search_is_canceled_once_and_one_that_has_ended_is_not(
    client: FlaskClient, redis: Redis, store_folder: Any
) -> None:
    """What waits never starts; what a worker queues at that moment finds the mark."""
    search_id = submit(client)["id"]
    assert client.delete(f"/v1/searches/{search_id}").json["status"] == "canceled"
    assert redis.exists(f"onehot:job:{job_id_of(search_id, 'start')}:cancel")
    assert client.delete(f"/v1/searches/{search_id}").status_code == 202
    train(store_folder, search_id, 0.5)
    SearchDocument(Store.open(store_folder), "classic", search_id).change(
        lambda before: {**before, "trials": [{**before["trials"][0], "status": "running"}]}
    )
    shown = client.get(f"/v1/searches/{search_id}").json
    assert [trial["status"] for trial in shown["trials"]] == ["canceled"], "nothing runs in it any more"
    done = submit(client)["id"]
    train(store_folder, done, 0.5, status="finished")
    assert client.delete(f"/v1/searches/{done}").status_code == 409


@pytest.mark.parametrize("method", ["get", "delete"])
@pytest.mark.parametrize("search_id", ["0" * 32, "nothing"])
def test_a_search_that_is_not_there_is_a_404(client: FlaskClient, method: str, search_id: str) -> None:
    """Whatever is asked of it."""
    assert getattr(client, method)(f"/v1/searches/{search_id}").status_code == 404
    assert client.get(f"/v1/searches/{search_id}/events").status_code == 404


def test_a_search_that_cannot_be_queued_leaves_nothing(store_folder: Any) -> None:
    """503, and the store is as it was."""
    client = create_app(Settings(store=str(store_folder), redis_url="redis://127.0.0.1:1/0")).test_client()
    assert client.post("/v1/searches", json=SPEC).status_code == 503
    assert not list(store_folder.rglob("*.json"))
