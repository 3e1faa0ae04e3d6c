import os

from models.store.store import Store
from service.app import create_app
from service.registry.registry import Registry


def test_it_lives_before_it_is_ready(client, registry) -> None:
    """And says what it waits for."""
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "the first look at the store" in answer.json["error"]
    assert answer.headers["Retry-After"]
    registry.refresh()
    assert client.get("/readyz").status_code == 200


def test_ready_says_what_is_loaded(client, registry, publish) -> None:
    """Models and versions."""
    publish()
    registry.refresh()
    assert client.get("/readyz").json == {"status": "ready", "models": 1, "loaded_versions": 1}


def test_a_store_that_does_not_answer_is_what_it_waits_for(settings, tmp_path) -> None:
    """In words."""
    (tmp_path / "file").write_text("no folder")
    registry = Registry(lambda: Store.open(tmp_path / "file" / "store"), keep_versions=2)
    registry.refresh()
    answer = create_app(settings, registry=registry).test_client().get("/readyz")
    assert answer.status_code == 503
    assert "the store does not answer" in answer.json["error"]


def test_what_memory_does_not_suffice_for_is_among_the_details(settings, store_folder, publish) -> None:
    """Whether it is ready without it or not, by the name of each version."""
    publish("large")
    os.truncate(store_folder / "large" / "1" / "model.onnx", 2**40)
    registry = Registry(lambda: Store.open(store_folder), keep_versions=2)
    client = create_app(settings, registry=registry).test_client()
    registry.refresh()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["error"][:48]) == (503, "not ready: none of 1 versions is loaded: model '")
    publish("classic")
    registry.refresh()
    ready = client.get("/readyz").json
    assert (ready["status"], ready["loaded_versions"]) == ("ready", 1)
    assert ready["details"] == answer.json["details"]
    ((place, message),) = ((one["path"], one["message"]) for one in ready["details"])
    assert place == "models.large.versions.1"
    assert "not enough memory" in message


def test_a_label_that_is_not_served_is_on_the_page_of_metrics(client, registry, publish, flip_byte) -> None:
    """With its model and its name; others have no series."""
    publish("good")
    publish("bad")
    registry.refresh()
    assert b"onehot_label_unserved{" not in client.get("/metrics").data
    flip_byte("bad", 1)
    registry.refresh()
    assert b'onehot_label_unserved{label="stable",model="bad"} 1.0' in client.get("/metrics").data
    assert client.get("/metrics").data.count(b"onehot_label_unserved{") == 1
