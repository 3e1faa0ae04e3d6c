import pytest

from models.store.promotions import PromotionLog
from models.store.store import Store

GATE = {
    "metric": "accuracy",
    "holds": False,
    "checks": [{"rule": "minimum", "expected": 0.9, "received": 0.8, "holds": False}],
}


@pytest.fixture(autouse=True)
def _published(publish, registry) -> None:
    """Version 1 is stable, 2 has passed its gate, 3 has not."""
    publish()
    publish(promote=False)
    publish(promote=False, gate=GATE)
    registry.refresh()


@pytest.fixture
def labels(store_folder):
    return lambda: Store.open(store_folder).labels("classic")


def test_a_label_moves(client, labels, registry) -> None:
    """And the requests follow it."""
    answer = client.put("/v1/models/classic/labels/stable", json={"version": 2})
    assert answer.status_code == 200
    assert answer.json["labels"] == labels() == {"stable": 2}
    registry.refresh()
    assert registry.find("classic").version == 2


def test_a_gate_that_does_not_hold_keeps_a_label_away(client, labels, store_folder) -> None:
    """Unless the caller insists, which is written down."""
    answer = client.put("/v1/models/classic/labels/stable", json={"version": 3})
    assert answer.status_code == 409
    assert answer.json["error"].startswith("not promoted: accuracy 0.8000, at least 0.9: label 'stable' does not move")
    assert "force" in answer.json["error"]
    assert labels() == {"stable": 1}
    assert client.put("/v1/models/classic/labels/stable", json={"version": 3, "force": True}).status_code == 200
    assert labels() == {"stable": 3}
    *_, forced = PromotionLog(Store.open(store_folder).objects, "classic").read()
    assert (forced.version, forced.previous, forced.by) == (3, 1, "a caller without a key")
    assert forced.verdict == ("accuracy 0.8000, at least 0.9",)


def test_a_label_goes_back_to_what_it_named_before(client, labels, store_folder) -> None:
    """Not to the number before; past a gate by force only; every move is recorded."""
    path = "/v1/models/classic/labels/stable"
    assert client.put(path, json={"version": 2}).json["previous"] == 1
    assert client.put(path, json={"version": 3, "force": True}).status_code == 200
    assert client.put(path, json={"version": 1}).status_code == 200
    assert client.put(path, json={"rollback": True}).status_code == 409
    assert labels() == {"stable": 1}
    answer = client.put(path, json={"rollback": True, "version": 2})
    assert (answer.json["version"], answer.json["previous"]) == (2, 1)
    assert client.put(path, json={"rollback": True}).json["version"] == 1
    actions = [one.action for one in PromotionLog(Store.open(store_folder).objects, "classic").read()]
    assert actions == ["publish", "move", "move", "move", "rollback", "rollback"]
    assert client.put("/v1/models/classic/labels/none", json={"rollback": True}).status_code == 404


def test_a_label_goes_away(client, labels) -> None:
    """Its version stays."""
    client.put("/v1/models/classic/labels/canary", json={"version": 2})
    assert labels()["canary"] == 2
    assert client.delete("/v1/models/classic/labels/canary").status_code == 204
    assert labels() == {"stable": 1}
    assert client.delete("/v1/models/classic/labels/canary").status_code == 404


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, "version"),
        ({"version": "2"}, "version"),
        ({"version": 2.5}, "version"),
        ({"version": 0}, "version"),
        ({"version": True}, "version"),
        ({"version": 2, "force": "yes"}, "force"),
        ({"version": 2, "force": 0}, "force"),
        ({"version": 2, "more": 1}, "more"),
        ({"rollback": False}, "version"),
        ({"rollback": 1}, "rollback"),
        ({"version": None, "rollback": True}, "version"),
    ],
)
def test_a_body_that_does_not_fit_is_a_400(client, body, place) -> None:
    """The details name the place."""
    answer = client.put("/v1/models/classic/labels/stable", json=body)
    assert answer.status_code == 400
    assert [one["path"] for one in answer.json["details"]] == [place]


@pytest.mark.parametrize(
    ("path", "version", "status"),
    [
        ("/v1/models/nobody/labels/stable", 1, 404),
        ("/v1/models/classic/labels/stable", 9, 404),
        ("/v1/models/../labels/stable", 1, 404),
        ("/v1/models/..%2fother/labels/stable", 1, 400),
        ("/v1/models/classic/labels/latest", 1, 400),
        ("/v1/models/classic/labels/a-b", 1, 400),
    ],
)
def test_names_that_do_not_fit_are_refused(client, labels, path, version, status) -> None:
    """Nothing is written."""
    assert client.put(path, json={"version": version}).status_code == status
    assert labels() == {"stable": 1}


def test_a_version_that_its_gate_holds_back_answers_only_who_asks_for_it(client, publish, registry) -> None:
    """Also when there is no other."""
    publish("new", promote=False, gate=GATE)
    registry.refresh()
    body = {"instances": [[0.5] * 8]}
    answer = client.post("/v1/models/new:predict", json=body)
    assert answer.status_code == 503
    assert "`stable`: version 1 not promoted: accuracy 0.8000, at least 0.9" in answer.json["error"]
    assert "Retry-After" not in answer.headers
    assert client.post("/v1/models/new/versions/1:predict", json=body).status_code == 200
    assert client.post("/v1/models/new/labels/latest:predict", json=body).status_code == 200
    assert client.put("/v1/models/new/labels/stable", json={"version": 1, "force": True}).status_code == 200
    registry.refresh()
    assert client.post("/v1/models/new:predict", json=body).status_code == 200


def test_a_dry_run_says_what_would_come_of_it(client, labels) -> None:
    """Where the label would go, or why it would not; nothing moves, and nothing is recorded."""
    path = "/v1/models/classic/labels/stable"
    answer = client.put(path, json={"version": 2, "dry_run": True})
    assert (answer.json["version"], answer.json["previous"], answer.json["moved"]) == (2, 1, False)
    refused = client.put(path, json={"version": 3, "dry_run": True})
    assert refused.status_code == 409
    assert refused.json["error"] == client.put(path, json={"version": 3}).json["error"]
    assert client.put(path, json={"version": 3, "dry_run": True, "force": True}).status_code == 200
    assert labels() == {"stable": 1}
    assert client.put(path, json={"version": 2}).json["moved"] is True
    back = client.put(path, json={"rollback": True, "dry_run": True})
    assert (back.json["version"], labels()) == (1, {"stable": 2})
