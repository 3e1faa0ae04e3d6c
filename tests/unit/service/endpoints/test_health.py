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
