import json
import threading

import pytest

from models.store.store import Store
from service.registry import shown_facts


@pytest.fixture(autouse=True)
def _published(publish, registry) -> None:
    """Three versions, of which 1 is unloaded and 3 is stable."""
    for _ in range(3):
        publish()
    registry.refresh()


def states(client, path: str) -> dict[str, str]:
    statuses = client.get(path).json["model_version_status"]
    return {status["version"]: status["state"] for status in statuses}


def test_the_status_of_all_versions_or_of_one(client) -> None:
    """The newest first."""
    assert list(states(client, "/v1/models/classic").items()) == [("3", "AVAILABLE"), ("2", "AVAILABLE"), ("1", "END")]
    assert states(client, "/v1/models/classic/versions/2") == {"2": "AVAILABLE"}
    assert states(client, "/v1/models/classic/labels/stable") == {"3": "AVAILABLE"}


def test_a_corrupt_version_says_which_file_is_wrong(client, registry, flip_byte) -> None:
    """And who answers in its place."""
    flip_byte("classic", 3)
    registry.refresh()
    newest = client.get("/v1/models/classic").json["model_version_status"][0]
    assert (newest["version"], newest["state"], newest["status"]["error_code"]) == ("3", "END", "DATA_LOSS")
    assert "model.onnx of version 3 of model 'classic'" in newest["status"]["error_message"]
    assert "version 2 answers in its place" in newest["status"]["error_message"]
    answer = client.post("/v1/models/classic:predict", json={"instances": [[0] * 8]})
    assert answer.headers["X-Onehot-Model-Version"] == "2"


def test_metadata_tells_what_goes_in_and_out(client) -> None:
    """For the default version, or for the one that is named."""
    document = client.get("/v1/models/classic/metadata").json
    assert document["model_spec"]["version"] == "3"
    assert document["metadata"]["class_names"] == ["class 0", "class 1", "class 2"]
    assert client.get("/v1/models/classic/versions/2/metadata").json["model_spec"]["version"] == "2"


def test_the_list_of_models_has_versions_labels_and_metrics(client) -> None:
    """Also of versions that are not loaded."""
    (model,) = client.get("/v1/models").json["models"]
    assert (model["name"], model["default_version"], model["labels"]) == ("classic", 3, {"stable": 3})
    assert [one["version"] for one in model["versions"]] == [3, 2, 1]
    assert model["versions"][0]["labels"] == ["stable"]
    assert all(one["metrics"]["accuracy"] == 0.9 for one in model["versions"])


def test_a_report_comes_as_it_was_published(client, flip_byte) -> None:
    """Also of a version that is not loaded; a broken one is not passed on."""
    answer = client.get("/v1/models/classic/versions/1/report")
    assert answer.json == json.loads(b'{"accuracy": 0.9}')
    flip_byte("classic", 1, "report.json")
    answer = client.get("/v1/models/classic/versions/1/report")
    assert answer.status_code == 503
    assert "report.json" in answer.json["error"]


@pytest.mark.parametrize(
    "path",
    ["/v1/models/nobody", "/v1/models/nobody/metadata", "/v1/models/classic/versions/9", "/v1/models/classic/labels/no",
     "/v1/models/nobody/versions/1/report", "/v1/models/classic/versions/9/report"],
)  # fmt: skip
def test_what_does_not_exist_is_a_404(client, path) -> None:
    """Model, version, label."""
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json["error"]


def test_a_gate_that_does_not_hold_is_told_with_its_version(client, publish, registry) -> None:
    """In one sentence, loaded or not, until a person forces the promotion."""
    checks = [{"rule": "minimum", "expected": 0.9, "received": 0.86363636, "holds": False}]
    publish("held", promote=False, gate={"metric": "accuracy", "holds": False, "checks": checks})
    registry.refresh()

    def verdicts(name):
        models = {model["name"]: model for model in client.get("/v1/models").json["models"]}
        return [version["verdict"] for version in models[name]["versions"]]

    assert verdicts("classic") == [None, None, None]
    assert verdicts("held") == ["not promoted: accuracy 0.8636, at least 0.9"]
    assert client.put("/v1/models/held/labels/stable", json={"version": 1, "force": True}).status_code == 200
    registry.refresh()
    assert verdicts("held") == ["promoted by force: accuracy 0.8636, at least 0.9"]


def test_manifests_of_versions_that_are_not_loaded_are_read_when_they_are_shown(
    client, publish, registry, monkeypatch
) -> None:
    """Once, for the page that is asked for; a start reads those of what it loads."""
    for _ in range(10):
        publish("many")
    read: list[tuple[str, int]] = []
    manifest = Store.manifest
    monkeypatch.setattr(Store, "manifest", lambda *args: (read.append(args[1:]), manifest(*args))[1])
    registry.refresh()
    assert sorted(read) == [("many", 9), ("many", 10)]
    read.clear()
    assert [one["version"] for one in client.get("/v1/models?limit=1").json["models"][0]["versions"]] == [3, 2, 1]
    assert read == [("classic", 1)]
    for _ in range(2):
        versions = client.get("/v1/models").json["models"][1]["versions"]
        assert [one["metrics"]["accuracy"] for one in versions] == [0.9] * 10
    assert sorted(read) == [("classic", 1), *(("many", number) for number in range(1, 9))]


def test_a_manifest_that_was_written_again_is_shown_as_it_is_now(client, registry, store_folder) -> None:
    """And what was shown before is forgotten."""
    path = store_folder / "classic" / "1" / "manifest.json"
    for task in ("softmax", "sigmoid", "multilabel"):
        path.write_text(json.dumps(json.loads(path.read_bytes()) | {"task": task}))
        path.parent.touch()
        registry.refresh()
        (model,) = client.get("/v1/models").json["models"]
        assert model["versions"][2]["task"] == task
    assert len(registry.shown_facts._known) == 1


def test_facts_of_no_more_than_so_many_versions_are_kept(client, registry, publish, monkeypatch) -> None:
    """All of a list are in it, however many; before the next one the oldest are forgotten."""
    for _ in range(10):
        publish("many")
    registry.refresh()
    monkeypatch.setattr(shown_facts, "MOST", 3)
    versions = client.get("/v1/models").json["models"][1]["versions"]
    assert [one["metrics"]["accuracy"] for one in versions] == [0.9] * 10
    registry.shown_facts.read([])
    assert len(registry.shown_facts._known) == 3


def test_a_list_does_not_wait_for_manifests_that_do_not_come(client, monkeypatch) -> None:
    """The rest is said at once, or nearly."""
    monkeypatch.setattr(shown_facts, "PATIENCE_S", 0.05)
    manifest, release = Store.manifest, threading.Event()
    monkeypatch.setattr(Store, "manifest", lambda *args: release.wait(30) and manifest(*args))
    try:
        (model,) = client.get("/v1/models").json["models"]
    finally:
        release.set()
    assert [one["created_at"] is None for one in model["versions"]] == [False, False, True]


def test_of_a_manifest_that_cannot_be_read_nothing_is_shown(client, store_folder) -> None:
    """The list says that the version is there."""
    (store_folder / "classic" / "1" / "manifest.json").write_bytes(b"[" * 200_000)
    (model,) = client.get("/v1/models").json["models"]
    assert [one["created_at"] is None for one in model["versions"]] == [False, False, True]


def test_one_model_of_the_list(client) -> None:
    """An unknown one is none."""
    assert [model["name"] for model in client.get("/v1/models?model=classic").json["models"]] == ["classic"]
    assert client.get("/v1/models?model=other").json["models"] == []
