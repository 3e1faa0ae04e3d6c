"""Capture, feedback and live quality over HTTP; every answer is checked against the OpenAPI document."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.capture.segments import FEEDBACK, captured_folder, list_segments
from models.preprocessing.instances import Feature, InstanceSpec
from models.store.store import Store

ROWS = np.random.default_rng(3).random((6, 8)).round(4)
CAPTURE = "/v1/models/classic/capture"
CAPTURED = "/v1/models/classic/captured"
QUALITY = "/v1/models/classic/quality"


@pytest.fixture
def predict(client, publish, registry):
    """Ask for predictions of a published model, under an id; the classes that it predicted."""
    publish()
    registry.refresh()

    def _predict(request_id: str, rows: Any = ROWS, path: str = "/v1/models/classic:predict") -> list[int]:
        answer = client.post(path, json={"instances": np.asarray(rows).tolist()}, headers={"X-Request-Id": request_id})
        assert answer.status_code == 200, answer.json
        return np.argmax(answer.json["predictions"], axis=1).tolist()

    return _predict


@pytest.fixture
def switch_on(client, registry, predict):  # noqa: ARG001 -- the model is there
    """Capture from now on."""

    def _switch_on(**more: Any) -> Any:
        answer = client.put(CAPTURE, json={"sample": 1.0, **more})
        assert answer.status_code == 200, answer.json
        registry.refresh()
        return answer.json

    return _switch_on


def segments(store_folder: Path, folder: str) -> list[str]:
    return [one.path for one in list_segments(Store.open(store_folder).objects, folder)]


def test_nothing_is_captured_unless_switched_on(client, predict, switch_on, store_folder) -> None:
    """Off at first and when it was taken away; what was captured stays meanwhile, and days and columns stay set."""
    off = {"model": "classic", "enabled": False, "sample": 0.0, "keep_days": 30, "drop": [], "columns": None}
    assert client.get(CAPTURE).json == off
    predict("before")
    assert client.get(CAPTURED).json["rows"] == []
    on = switch_on(keep_days=7, drop=["email", "email"])
    assert on == client.get(CAPTURE).json == {**off, "enabled": True, "sample": 1.0, "keep_days": 7, "drop": ["email"]}
    predict("during")
    assert client.delete(CAPTURE).status_code == 204
    assert client.get(CAPTURE).json == {**on, "enabled": False, "sample": 0.0}
    client.application.extensions["onehot"].registry.refresh()
    predict("after")
    assert {row["request_id"] for row in client.get(CAPTURED).json["rows"]} == {"during"}
    (path,) = segments(store_folder, captured_folder("classic"))
    assert path.startswith(f"classic/captured/{datetime.now(UTC).date()}/")


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, "sample"),
        ({"sample": 1.5}, "sample"),
        ({"sample": True}, "sample"),
        ({"sample": 0.1, "keep_days": 0}, "keep_days"),
        ({"sample": 0.1, "drop": "name"}, "drop"),
        ({"sample": 0.1, "drop": [""]}, "drop"),
        ({"sample": 0.1, "rate": 1}, "rate"),
    ],
)
def test_wrong_settings_are_named(client, publish, body, named) -> None:
    """400, and nothing is set."""
    publish()
    answer = client.put(CAPTURE, json=body)
    assert (answer.status_code, named in json.dumps(answer.json)) == (400, True)
    assert client.get(CAPTURE).json["enabled"] is False


def test_what_is_not_there_is_404(client) -> None:
    """A model that no store has."""
    for method, path in (("get", CAPTURE), ("delete", CAPTURE), ("get", CAPTURED), ("get", QUALITY)):
        assert getattr(client, method)(path).status_code == 404
    assert client.put(CAPTURE, json={"sample": 1}).status_code == 404
    assert client.delete(f"{CAPTURED}/x").status_code == 404


def test_rows_come_back_as_they_were_sent(client, predict, switch_on) -> None:
    """Each with its place in the request, the version and what it predicted; what it was least sure of can be first."""
    switch_on()
    predicted = predict("one")
    predict("two", ROWS[:2], "/v1/models/classic/versions/1:predict")
    rows = client.get(CAPTURED).json["rows"]
    one = {row["index"]: row for row in rows if row["request_id"] == "one"}
    assert np.allclose([one[index]["instance"] for index in range(6)], ROWS)
    assert [one[index]["predicted"] for index in range(6)] == [f"class {number}" for number in predicted]
    margins = [row["margin"] for row in client.get(f"{CAPTURED}?order=least_sure&limit=3").json["rows"]]
    assert margins == sorted(row["margin"] for row in rows)[:3]
    assert len(client.get(f"{CAPTURED}?version=2").json["rows"]) == 0
    for query in ("order=best", "labelled=maybe", "since=soon", "version=x", "limit=0", "model=x"):
        assert client.get(f"{CAPTURED}?{query}").status_code == 400, query


def test_a_sample_is_the_same_share_of_ids_everywhere(client, predict, switch_on) -> None:
    """By the id alone: one that was sampled is sampled again, in whatever process."""
    switch_on(sample=0.3)
    for number in range(200):
        predict(f"id-{number}", ROWS[:1])
    first = {row["request_id"] for row in client.get(f"{CAPTURED}?limit=1000").json["rows"]}
    assert 35 <= len(first) <= 85
    for number in range(200):
        predict(f"id-{number}", ROWS[:1])
    assert {row["request_id"] for row in client.get(f"{CAPTURED}?limit=1000").json["rows"]} == first


def test_dropped_columns_are_in_no_file(client, publish, registry) -> None:
    """Neither in the rows nor in what is shown; text columns are kept as text."""
    columns = tuple(Feature(f"c{index}") for index in range(8))
    publish(instance=InstanceSpec((8,), columns))
    registry.refresh()
    told = client.put(CAPTURE, json={"sample": 1, "drop": ["c1", "c5", "email"]}).json
    assert told["columns"] == client.get(CAPTURE).json["columns"] == [f"c{index}" for index in (0, 2, 3, 4, 6, 7)]
    registry.refresh()
    row = {f"c{index}": index + 0.5 for index in range(8)}
    assert client.post("/v1/models/classic:predict", json={"instances": [row]}).status_code == 200
    (kept,) = client.get(CAPTURED).json["rows"]
    assert kept["instance"] == {name: value for name, value in row.items() if name not in ("c1", "c5")}


def test_live_accuracy_is_counted_from_late_labels(client, predict, switch_on, publish, registry) -> None:
    """By class and by version; names and indexes mean the same, and the label that came last holds."""
    switch_on()
    first = predict("one")
    assert client.get(QUALITY).json["accuracy"] is None
    wrong = (first[0] + 1) % 3
    labels = [{"request_id": "one", "index": index, "label": number} for index, number in enumerate(first[:4])]
    others = [{"request_id": "never", "index": 0, "label": 1}, {"request_id": "one", "index": 4, "label": "zebra"}]
    assert client.post("/v1/feedback", json={"items": labels + others}).status_code == 202
    for _ in range(2):
        corrected = {"request_id": "one", "label": f"class {wrong}"}
        assert client.post("/v1/feedback", json=corrected).json == {"accepted": 1}
    found = client.get(QUALITY).json
    assert (found["rows"], found["labelled"], found["correct"], found["unknown_labels"]) == (6, 4, 3, 1)
    assert found["accuracy"] == 0.75
    assert found["interval"][0] < 0.75 < found["interval"][1]
    (true,) = (one for one in found["classes"] if one["class"] == f"class {wrong}")
    assert true["labelled"] == first[1:4].count(wrong) + 1

    publish("classic", "classic-b")
    registry.refresh()
    second = predict("two")
    told = [{"request_id": "two", "index": index, "label": number} for index, number in enumerate(second)]
    client.post("/v1/feedback", json={"items": told})
    by_version = {one["version"]: one["accuracy"] for one in client.get(QUALITY).json["versions"]}
    assert by_version == {1: 0.75, 2: 1.0}
    assert client.get(f"{QUALITY}?version=2").json["labelled"] == 6
    assert client.get(f"{QUALITY}?window_s=3600").json["labelled"] == 10
    assert client.get(f"{QUALITY}?until=1h").json["rows"] == 0
    services = client.application.extensions["onehot"]
    since = datetime.now(UTC) - timedelta(hours=1)
    assert services.quality.quality_of("classic", 1, since) == (3, 4)
    for query in ("window_s=0", "window_s=nan", "window_s=5&since=1d", "version=0", "day=1"):
        assert client.get(f"{QUALITY}?{query}").status_code == 400, query


def test_numbers_have_errors_instead(client, publish, registry) -> None:
    """Of a regression: mean absolute error and root mean squared error, of each version too."""
    publish(task="regression", class_names=())
    registry.refresh()
    client.put(CAPTURE, json={"sample": 1})
    registry.refresh()
    answer = client.post("/v1/models/classic:predict", json={"instances": ROWS.tolist()}, headers={"X-Request-Id": "r"})
    outputs = np.array(answer.json["predictions"], np.float32).astype(float)
    told = [{"request_id": "r", "index": index, "label": (row + 0.5).tolist()} for index, row in enumerate(outputs[:3])]
    client.post("/v1/feedback", json={"items": [*told, {"request_id": "r", "index": 4, "label": "high"}]})
    found = client.get(QUALITY).json
    assert (found["task"], found["labelled"], found["unknown_labels"]) == ("regression", 3, 1)
    assert found["mean_absolute_error"] == pytest.approx(0.5)
    assert found["root_mean_squared_error"] == pytest.approx(0.5)
    assert found["versions"][0]["labelled"] == 3


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"items": []},
        {"request_id": "r"},
        {"request_id": "r", "label": None},
        {"request_id": "r", "label": {}},
        {"request_id": "r", "label": [["a"]]},
        {"request_id": "r", "label": ""},
        {"request_id": "r s", "label": 1},
        {"request_id": "r", "index": -1, "label": 1},
        {"request_id": "r", "index": 0, "label": 1, "class": 2},
        {"items": [{"request_id": "r", "label": 1}, {"label": 1}]},
        {"items": [{"request_id": "r", "label": 1}], "label": 1},
        {"request_id": "r", "label": 1, "model": "No"},
    ],
)
def test_a_wrong_label_is_named_and_none_is_taken(client, body, store_folder) -> None:
    """All of a request or nothing."""
    assert client.post("/v1/feedback", json=body).status_code == 400
    client.application.extensions["onehot"].captured.flush()
    assert segments(store_folder, FEEDBACK) == []


def test_one_request_is_erased_wherever_it_is(client, predict, switch_on, store_folder) -> None:
    """Rows and labels, from all segments; those of others stay, and doing it again finds nothing."""
    switch_on()
    for request_id in ("ann", "bob", "ann"):
        predict(request_id)
        client.post("/v1/feedback", json={"items": [{"request_id": request_id, "index": 1, "label": 1}] * 2})
        client.get(CAPTURED)  # a segment each time
    assert client.delete(f"{CAPTURED}/ann").json == {"model": "classic", "request_id": "ann", "rows": 12, "labels": 4}
    assert client.delete(f"{CAPTURED}/ann").json["rows"] == 0
    assert {row["request_id"] for row in client.get(CAPTURED).json["rows"]} == {"bob"}
    assert client.get(QUALITY).json["rows"] == 6
    files = [path.read_bytes() for path in store_folder.rglob("*.npz")]
    assert len(files) == 1
    assert client.delete(f"{CAPTURED}/not%20an%20id").status_code == 400


def test_labels_are_refused_when_there_is_no_room_left(client, monkeypatch) -> None:
    """503, and none of them is taken: sent again they are not there twice."""
    captured = client.application.extensions["onehot"].captured
    monkeypatch.setattr(captured._labels, "most", 1000)
    assert client.post("/v1/feedback", json={"request_id": "r", "label": 1}).status_code == 202
    items = [{"request_id": "r", "index": index, "label": 1} for index in range(5)]
    answer = client.post("/v1/feedback", json={"items": items})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert len(captured._labels) == 1
