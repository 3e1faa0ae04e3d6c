"""A queue's server that answers and takes no writes: what clients are told, and what goes on."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from models.settings import Settings
from onehot.local import stack
from service.app import create_app
from service.http.context import EXTENSION

SPEC = {
    "model": "classic",
    "data": {"source": "sklearn://iris"},
    "layers": [{"Dense": {"units": 3, "activation": "softmax"}}],
    "compile": {"optimizer": "Adam", "loss": "categorical_crossentropy"},
}
ROWS = {"instances": [[0.5] * 8]}
FULL = {"memory": "the queue's memory is full", "disk": "the queue's disk is full, or cannot be written"}


@pytest.fixture
def redis(redis: Redis) -> Iterator[Redis]:
    """The queue's server, emptied, and with room again after the test."""
    yield redis
    make_room(redis)


@pytest.fixture
def client(redis: Redis, redis_server: str, store_folder: Path, publish: Any) -> FlaskClient:
    """Talks to an application with one model."""
    assert redis.dbsize() == 0
    publish()
    app = create_app(Settings(store=str(store_folder), redis_url=redis_server))
    app.extensions[EXTENSION].registry.refresh()
    return app.test_client()


def fill(redis: Redis, what: str) -> None:
    """Have the server refuse writes, as when its memory, or its disk, is full."""
    if what == "memory":
        redis.config_set("maxmemory", 1)
    else:
        Path(redis.config_get("dir")["dir"], "dump.rdb").mkdir(exist_ok=True)  # a snapshot does not replace a folder
        redis.bgsave()
        redis.config_set("save", "3600 1")


def make_room(redis: Redis) -> None:
    redis.config_set("maxmemory", 0)
    redis.config_set("save", "")


@pytest.fixture(params=FULL)
def full(request: pytest.FixtureRequest, redis: Redis, client: FlaskClient, wait_until: Any) -> Iterator[str]:
    """The reason; jobs were queued and taken before."""
    _, running = (client.post("/v1/jobs", json=SPEC).json["id"] for _ in range(2))
    Job.fetch(running, connection=redis, serializer=JSONSerializer).set_status(JobStatus.STARTED)
    fill(redis, request.param)
    wait_until(lambda: client.delete(f"/v1/jobs/{running}").status_code == 503, what="the server is full")
    return FULL[request.param]


def test_a_full_queue_refuses_what_writes_and_says_why(client: FlaskClient, redis: Redis, full: str) -> None:
    """Submitting and canceling; with the time after which to try again, and nothing half done."""
    ids = [job["id"] for job in client.get("/v1/jobs").json["jobs"]]
    for answer in (client.post("/v1/jobs", json=SPEC), *(client.delete(f"/v1/jobs/{one}") for one in ids)):
        assert answer.status_code == 503
        assert answer.json["error"].startswith(f"{full}: nothing can be submitted or canceled until there is room")
        assert int(answer.headers["Retry-After"]) >= 1
    make_room(redis)
    assert [job["id"] for job in client.get("/v1/jobs").json["jobs"]] == ids
    assert redis.llen("rq:queue:train") == 2


@pytest.mark.usefixtures("full")
def test_all_that_is_read_goes_on(client: FlaskClient) -> None:
    """Predictions, lists, single jobs, metrics."""
    assert client.post("/v1/models/classic:predict", json=ROWS).status_code == 200
    jobs = client.get("/v1/jobs").json["jobs"]
    assert sorted(job["status"] for job in jobs) == ["queued", "started"]
    assert all(client.get(f"/v1/jobs/{job['id']}").status_code == 200 for job in jobs)
    assert "onehot_queue_up 1.0" in client.get("/metrics").text


def test_up_begins_beside_a_full_queue(redis_server: str, full: str) -> None:
    """It is no refusal of a password; what trainings wait for is said where the server cannot even be pinged."""
    said: list[str] = []
    stack._look_at_server(redis_server, said.append)
    assert stack._server_check(redis_server)() is None
    assert said == ([f"{full}; trainings wait until there is room"] if "disk" in full else [])


@pytest.mark.usefixtures("full")
def test_what_was_refused_is_taken_once_there_is_room(client: FlaskClient, redis: Redis) -> None:
    """The same calls."""
    jobs = client.get("/v1/jobs").json["jobs"]
    make_room(redis)
    assert client.post("/v1/jobs", json=SPEC).status_code == 202
    for job in jobs:
        assert client.delete(f"/v1/jobs/{job['id']}").status_code == 202
        assert redis.exists(f"onehot:job:{job['id']}:cancel")
