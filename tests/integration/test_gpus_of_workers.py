"""Trainings that ask for GPUs, before a worker that could have so many is there, and after."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis

from models.settings import Settings
from service.app import create_app
from trainer.worker.training_worker import TrainingWorker

SPEC = {
    "model": "classic",
    "data": {"source": "sklearn://iris"},
    "layers": [{"Dense": {"units": 3, "activation": "softmax"}}],
    "compile": {"loss": "categorical_crossentropy"},
}


@pytest.fixture
def server(redis_server: str) -> Iterator[Redis]:
    with Redis.from_url(redis_server) as client:
        client.flushdb()
        yield client


@pytest.fixture
def client_of(server: Redis, redis_server: str, store_folder) -> Callable[..., FlaskClient]:
    """A client of a service with these settings."""
    assert server.dbsize() == 0
    return lambda **more: create_app(Settings(store=str(store_folder), redis_url=redis_server, **more)).test_client()


@pytest.fixture
def start_worker(redis_server: str) -> Callable[..., TrainingWorker]:
    """A worker that is there and does nothing."""

    def start(gpus: int | None, queue: str = "train-gpu") -> TrainingWorker:
        worker = TrainingWorker([queue], Redis.from_url(redis_server), gpus=gpus)
        worker.register_birth()
        return worker

    return start


def submit(client: FlaskClient, gpus: int, **headers: str) -> Any:
    return client.post("/v1/jobs", json={**SPEC, "resources": {"gpus": gpus}}, headers=headers)


def test_more_gpus_than_the_largest_worker_has_are_refused(
    client_of: Callable[..., FlaskClient], start_worker: Callable[..., TrainingWorker], server: Redis
) -> None:
    """With the key and both numbers; nothing is queued. As many as it has are."""
    client = client_of()
    for gpus in (1, 2):
        start_worker(gpus)
    start_worker(0, queue="train")
    refused = submit(client, 3)
    assert refused.status_code == 400
    assert refused.json["details"] == [
        {"path": "resources.gpus", "message": "expected at most 2, as the largest worker of train-gpu has; received 3"}
    ]
    assert server.exists("rq:queue:train-gpu", "onehot:jobs") == 0
    assert submit(client, 2).status_code == 202
    assert submit(client, 0).status_code == 202


def test_a_worker_without_any_is_said(client_of: Callable[..., FlaskClient], start_worker) -> None:
    """As on a machine without a driver."""
    start_worker(0)
    assert "at most 0" in submit(client_of(), 1).json["details"][0]["message"]


def test_where_no_worker_is_there_the_job_waits(
    client_of: Callable[..., FlaskClient], start_worker: Callable[..., TrainingWorker]
) -> None:
    """They may start from zero; one that has ended, or does not say what it has, is no reason to refuse."""
    client = client_of()
    assert submit(client, 8).status_code == 202
    start_worker(1).register_death()
    assert submit(client, 8).status_code == 202
    start_worker(1)
    start_worker(None)
    assert submit(client, 8).status_code == 202


def test_the_setting_wins_over_the_workers(
    client_of: Callable[..., FlaskClient], start_worker: Callable[..., TrainingWorker]
) -> None:
    """Larger ones may start from zero; and none may be there."""
    client = client_of(max_gpus=4)
    refused = submit(client, 5).json["details"][0]["message"]
    assert refused == "expected at most 4, as ONEHOT_MAX_GPUS says; received 5"
    start_worker(1)
    assert submit(client, 4).status_code == 202


def test_a_job_that_is_queued_already_is_shown_again(
    client_of: Callable[..., FlaskClient], start_worker: Callable[..., TrainingWorker]
) -> None:
    """Also when only smaller workers are left by the time that its key comes again."""
    client = client_of()
    first = submit(client, 8, **{"Idempotency-Key": "k"})
    start_worker(1)
    assert submit(client, 8, **{"Idempotency-Key": "k"}).json["id"] == first.json["id"]
    assert submit(client, 8).status_code == 400


def test_a_hash_that_expired_is_written_again_with_the_gpus(
    client_of: Callable[..., FlaskClient], start_worker: Callable[..., TrainingWorker], server: Redis
) -> None:
    """A worker that was cut off for long still says what it has."""
    worker = start_worker(1)
    assert server.hget(worker.key, "onehot_gpus") == b"1"
    assert worker.serialize()["onehot_gpus"] == 1
    assert submit(client_of(), 2).status_code == 400
