"""Searches over HTTP, answered by real processes under gevent; the trainer's side is played by the test."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from rq.job import Job
from rq.serializers import JSONSerializer

from models.queue.names import SEARCH_JOBS, cancel_key
from models.queue.search_step import job_id_of
from models.searches.search_document import SearchDocument
from models.store.store import Store
from tests.e2e.service.conftest import LoadedService

UNITS = "layers.0.Dense.units"
SPEC = {
    "model": "classic",
    "data": {"source": "sklearn://iris"},
    "layers": [{"Dense": {"units": 8, "activation": "relu"}}, {"Dense": {"units": 3, "activation": "softmax"}}],
    "compile": {"optimizer": "Adam", "loss": "categorical_crossentropy", "metrics": ["accuracy"]},
    "search": {"objective": "val_accuracy", "trials": 3, "parallel": 2, "space": {UNITS: {"int": [4, 16]}}},
}


@pytest.fixture
def queue(redis_server: str) -> Iterator[Redis]:
    """The queue's server, emptied."""
    with Redis.from_url(redis_server) as connection:
        connection.flushall()
        yield connection


@pytest.fixture
def service(serve: Any, queue: Redis, redis_server: str) -> LoadedService:
    """A service with a queue."""
    assert queue.dbsize() == 0
    return serve(ONEHOT_REDIS_URL=redis_server)


def submit(service: LoadedService, **headers: str) -> dict[str, Any]:
    """A search that was accepted."""
    answer = service.call("POST", "/v1/searches", json=SPEC, headers=headers)
    assert answer.status_code == 202, answer.text
    return answer.json()


def play_trial(store_folder: Path, search_id: str) -> None:
    """What a trainer adds when a trial has ended."""
    trial = {"number": 0, "parameters": {UNITS: 4}, "status": "finished", "value": 0.5, "epochs": 1, "rung": 0}
    job = {"job_id": job_id_of(search_id, 0, 0, 0), "trial": 0, "rung": 0, "repeat": 0, "status": "finished",
           "value": 0.5, "epochs": 1, "history": [0.5], "error": None, "place": 1}  # fmt: skip
    document = SearchDocument(Store.open(store_folder), "classic", search_id)
    document.change(lambda before: {**before, "trials": [trial], "jobs": [job]})


def test_a_search_is_submitted_shown_listed_followed_and_canceled(
    service: LoadedService, queue: Redis, store_folder: Path
) -> None:
    """Each by any process, also many at one time."""
    search_id = submit(service, **{"Idempotency-Key": "a"})["id"]
    assert submit(service, **{"Idempotency-Key": "a"})["id"] == search_id
    start = Job.fetch(job_id_of(search_id, "start"), connection=queue, serializer=JSONSerializer)
    assert start.get_status() == "queued"
    assert queue.scard(SEARCH_JOBS) == 1
    play_trial(store_folder, search_id)
    path = f"/v1/searches/{search_id}"
    with ThreadPoolExecutor(8) as pool:
        shown = list(pool.map(lambda _: service.call("GET", path).json(), range(16)))
        others = list(pool.map(lambda _: submit(service)["id"], range(8)))
    assert {(one["status"], one["best"]["value"]) for one in shown} == {("running", 0.5)}
    listed = service.call("GET", "/v1/searches?model=classic&status=running").json()["searches"]
    assert {one["id"] for one in listed} == {search_id, *others}
    with ThreadPoolExecutor(1) as pool:
        followed = pool.submit(service.call, "GET", f"{path}/events")
        assert service.call("DELETE", path).json()["status"] == "canceled"
        text = followed.result().text
    events = [json.loads(line.removeprefix("data: ")) for line in text.splitlines() if line.startswith("data: ")]
    assert [(one["event"], one["status"]) for one in events] == [("trial", "finished"), ("end", "canceled")]
    assert service.call("GET", f"{path}/events", headers={"Last-Event-ID": "1"}).status_code == 204
    for one in others:
        assert service.call("DELETE", f"/v1/searches/{one}").status_code == 202
        assert queue.exists(cancel_key(job_id_of(one, "start")))
    assert service.call("GET", "/v1/searches?status=running").json() == {"searches": []}
    assert service.call("GET", f"/v1/searches/{'0' * 32}").status_code == 404
    assert "Traceback" not in service.log
