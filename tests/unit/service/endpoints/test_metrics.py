import gzip

import pytest
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis

from service.app import create_app
from service.http.context import EXTENSION

ROWS = {"instances": [[0.5] * 8] * 3}


def samples(client, name):
    page = client.get("/metrics").text
    return {
        tuple(sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name == name
    }


@pytest.fixture(autouse=True)
def _one_version(publish, registry) -> None:
    publish()
    registry.refresh()


def test_a_prediction_is_counted_with_its_model_and_version(client):
    """Requests, rows, and where the time went."""
    for _ in range(2):
        client.post("/v1/models/classic:predict", json=ROWS)
    version = (("model", "classic"), ("version", "1"))
    assert samples(client, "onehot_rows_total") == {version: 6}
    (labels,) = [labels for labels in samples(client, "onehot_requests_total") if ("model", "classic") in labels]
    assert dict(labels) == {
        "method": "POST", "route": "/v1/models/<name:model>:predict", "status": "200", "model": "classic",
        "version": "1",
    }  # fmt: skip
    phases = samples(client, "onehot_phase_duration_seconds_count")
    assert {dict(labels)["phase"]: count for labels, count in phases.items()} == {"decode": 2, "infer": 2, "encode": 2}
    spent_s = samples(client, "onehot_phase_duration_seconds_sum")
    whole_s = samples(client, "onehot_request_duration_seconds_sum")
    assert 0 < sum(spent_s.values()) <= sum(whole_s.values())


def test_both_protocols_are_counted(client):
    """Rows are rows."""
    tensor = {"name": "x", "shape": [2, 8], "datatype": "FP32", "data": [0.5] * 16}
    client.post("/v2/models/classic/infer", json={"inputs": [tensor]})
    assert list(samples(client, "onehot_rows_total").values()) == [2]


def test_errors_are_counted_by_class_and_invented_names_make_no_series(client):
    """A thousand names that do not exist are one series."""
    for number in range(20):
        client.post(f"/v1/models/invented-{number}:predict", json=ROWS)
    client.post("/v1/models/classic:predict", json={"instances": []})
    found = samples(client, "onehot_errors_total")
    assert found == {
        (("error", "ModelNotFound"), ("model", ""), ("version", "")): 20,
        (("error", "InputError"), ("model", "classic"), ("version", "1")): 1,
    }


def test_what_is_loaded_follows_the_registry(app, client, registry, publish):
    """1 while it is loaded, 0 after."""
    poller = app.extensions[EXTENSION].poller
    poller._then()
    classic = {(("model", "classic"), ("version", "1")): 1}
    assert samples(client, "onehot_version_loaded") == classic
    for _ in range(3):
        publish()
    registry.refresh()
    poller._then()
    loaded = {dict(labels)["version"]: value for labels, value in samples(client, "onehot_version_loaded").items()}
    assert loaded == {"1": 0, "3": 1, "4": 1}


def test_the_page_comes_when_the_queue_is_away(client):
    """And says so."""
    assert samples(client, "onehot_queue_up") == {(): 0}
    assert samples(client, "onehot_requests_in_flight") == {(): 0}


def test_the_queue_is_asked_for_its_depth_and_its_workers(settings, registry, redis_server):
    """By the names that it has them under."""
    from dataclasses import replace

    client = create_app(replace(settings, redis_url=redis_server), registry=registry).test_client()
    with Redis.from_url(redis_server) as redis:
        redis.flushdb()
        redis.rpush("rq:queue:train", "a", "b")
        redis.sadd("rq:workers:train-gpu", "w")
        assert samples(client, "onehot_queue_up") == {(): 1}
        assert samples(client, "onehot_queue_jobs") == {(("queue", "train"),): 2, (("queue", "train-gpu"),): 0}
        assert samples(client, "onehot_queue_workers") == {(("queue", "train"),): 0, (("queue", "train-gpu"),): 1}
        redis.flushdb()


def test_the_page_says_whether_the_store_is_there(client, registry, store_folder):
    """By the last look at it."""
    registry.refresh()
    assert samples(client, "onehot_store_up") == {(): 1}
    store_folder.rename(f"{store_folder}-away")
    registry.refresh()
    assert samples(client, "onehot_store_up") == {(): 0}


def test_a_long_page_comes_compressed_to_those_who_take_it(app, client):
    """And plain to others; both are the same."""
    metrics = app.extensions[EXTENSION].metrics
    for number in range(200):
        metrics.version_loaded(f"model-{number}", 1)
        metrics.predicted(f"model-{number}", 1, rows=1, phases_s=(0.1, 0.1, 0.1))
    answer = client.get("/metrics", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(answer.data) < 0.2 * len(gzip.decompress(answer.data))
    assert client.get("/metrics").data == gzip.decompress(answer.data)
