"""Whatever a file of the store holds: the other models are loaded, reloaded and listed."""

import json
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from models.names import LARGEST_VERSION
from models.store.store import Store
from service.http.context import EXTENSION
from service.registry.registry import Registry

DAMAGES = {
    "a number that no float holds": b'{"stable": 1e999}',
    "a number of 400 digits": b'{"stable": 1%s}' % (b"0" * 400),
    "200 000 brackets": b"[" * 200_000,
    "200 000 objects": b'{"a":' * 200_000,
    "no UTF-8": b"\xff\xfe\x00",
    "half of a surrogate pair": b'{"stable\\ud800": 1}',
    "another type": b'{"stable": {"version": [1]}}',
    "no object": b"[1, 2, 3]",
    "5 MiB": b'{"stable": "' + b"x" * 5 * 2**20 + b'"}',
    "nothing": b"",
}
damaged = pytest.mark.parametrize("content", DAMAGES.values(), ids=DAMAGES)


def _check_answers(client) -> None:
    """Every listing is answered, and what it says is JSON."""
    models = [model["name"] for model in client.get("/v1/models").json["models"]]
    assert "good" in models
    assert client.post("/v2/repository/index").status_code == 200
    for name in models:
        assert client.get(f"/v1/models/{name}").status_code == 200
        assert client.get(f"/v1/models/{name}/metadata").status_code in (200, 503)
        assert client.get(f"/v2/models/{name}").status_code in (200, 503)


def _reloads(registry: Registry, publish, version: int) -> None:
    """A new version of the good model is served at the next look."""
    publish("good")
    registry.refresh()
    assert registry.find("good").version == version


@damaged
@pytest.mark.parametrize("file", ["bad/labels.json", "changes.json", "bad/1/manifest.json", "bad/runs/1.json"])
def test_one_damaged_file_is_one_models_damage(publish, store_folder, client, content, file) -> None:
    """Before the start, and while all is loaded: the other model is ready, and follows what is published."""
    registry = client.application.extensions[EXTENSION].registry
    publish("bad")
    publish("good")
    path: Path = store_folder / file
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    registry.refresh()
    assert registry.snapshot.is_complete
    _reloads(registry, publish, 2)
    _check_answers(client)
    publish("bad", promote=False)  # what repairs the hint; the labels stay broken
    path.write_bytes(content)
    _reloads(registry, publish, 3)
    _check_answers(client)


@damaged
def test_labels_that_cannot_be_read_are_said_once(publish, store_folder, registry, content) -> None:
    """With the file, what was expected and what came; not again until it is written again."""
    publish("bad")
    publish("bad", promote=False)
    registry.refresh()
    path = store_folder / "bad" / "labels.json"
    path.write_bytes(content)
    with capture_logs() as lines:
        for _ in range(3):
            registry.refresh()
    (line,) = [line for line in lines if line["event"] == "labels not read"]
    assert line["model"] == "bad"
    assert line["reason"].startswith("bad/labels.json: expected {label: version} as JSON; received ")
    assert registry.find("bad").version == 1
    path.write_text('{"stable": 2}')
    registry.refresh()
    assert registry.find("bad").version == 2


@pytest.mark.parametrize(
    "change",
    [
        {"metrics": {"accuracy": 10**400}},
        {"metrics": {"a\ud800": 0.5}},
        {"class_names": ["\ud800", "b", "c"]},
        {"gate": {"metric": 7, "holds": False, "checks": {"a": 1}}},
        {"gate": {"metric": "\udfff", "holds": False, "checks": [7, {"rule": ["x"] * 10**6, "received": 2**63}]}},
        {"gate": {"metric": "accuracy", "holds": False, "checks": [{"rule": "minimum", "received": 10**400}]}},
        {"seed": 10**30},
        {"version": 10**400},
        {"golden_rows": {"instances": [[10**400]], "predictions": [["x"]], "tolerance": 1e-5}},
        {"preprocessing": [{"one_hot": {"columns": ["\ud800"], "positions": [2**70], "categories": []}}]},
        {"task": "x" * 10**6},
        {"created_at": "x" * 1000 + "\ud800"},
    ],
    ids=lambda change: next(iter(change)),
)
@pytest.mark.parametrize("versions", [1, 4])
def test_what_a_manifest_holds_makes_no_listing_fail(publish, store_folder, client, change, versions) -> None:
    """Of a version that should be loaded, and of one that is only shown; its reason is one short line."""
    registry = client.application.extensions[EXTENSION].registry
    for _ in range(versions):
        publish("bad")
    publish("good")
    path = store_folder / "bad" / "1" / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_bytes()) | change))
    registry.refresh()
    _check_answers(client)
    for status in client.get("/v1/models/bad").json["model_version_status"]:
        assert len(status["status"]["error_message"]) < 2000
    _reloads(registry, publish, 2)


@pytest.mark.parametrize("folder", ["12345678901234567890", str(LARGEST_VERSION + 1), "٣"])
def test_a_folder_of_a_number_that_is_none_holds_nothing_up(publish, store_folder, registry, folder) -> None:
    """The next version is published, served and labelled."""
    publish("good")
    manifest = (store_folder / "good" / "1" / "manifest.json").read_text()
    (store_folder / "good" / folder).mkdir()
    (store_folder / "good" / folder / "manifest.json").write_text(manifest)
    registry.refresh()
    assert list(registry.snapshot.models["good"].versions) == [1]
    _reloads(registry, publish, 2)
    assert Store.open(store_folder).set_label("good", "canary", 2)
    registry.refresh()
    assert registry.find("good", label="canary").version == 2


def test_a_store_full_of_damage_is_ready(publish, store_folder, registry) -> None:
    """With what is whole in it."""
    for number, content in enumerate(DAMAGES.values()):
        publish(f"bad-{number}")
        (store_folder / f"bad-{number}" / "labels.json").write_bytes(content)
        (store_folder / f"bad-{number}" / "1" / "manifest.json").write_bytes(content)
    (store_folder / "changes.json").write_bytes(b"[" * 200_000)
    publish("good")
    registry.refresh()
    assert registry.snapshot.is_complete
    assert registry.find("good").version == 1
