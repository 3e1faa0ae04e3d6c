import pytest

from models.store.store import Store
from service.registry import pending_versions
from service.registry.pending_versions import PendingVersions

PATH = "/v1/models/classic/versions"
ROW = {"instances": [[0] * 8]}


@pytest.fixture(autouse=True)
def _published(publish, registry) -> None:
    """Version 4 is stable, 3 the last good one, and 1 and 2 are needed by nothing."""
    for _ in range(4):
        publish()
    registry.refresh()


@pytest.fixture
def versions(store_folder):
    return lambda: Store.open(store_folder).versions("classic")


def test_a_version_is_deleted(client, versions, registry) -> None:
    """It is a 404 from then on, and the others answer."""
    assert client.delete(f"{PATH}/1").json == {"model": "classic", "version": 1, "deleted": True}
    assert versions() == [2, 3, 4]
    registry.refresh()
    assert client.get(f"{PATH}/1").status_code == 404
    assert client.post(f"{PATH}/1:predict", json=ROW).status_code == 404
    assert client.delete(f"{PATH}/1").status_code == 404
    assert client.post("/v1/models/classic:predict", json=ROW).headers["X-Onehot-Model-Version"] == "4"


@pytest.mark.parametrize(("version", "reason"), [(4, "label 'stable' names it"), (3, "the last good one")])
def test_what_is_needed_is_a_409_unless_it_is_forced(client, versions, registry, version, reason) -> None:
    """The sentence says what needs it."""
    answer = client.delete(f"{PATH}/{version}")
    assert answer.status_code == 409
    assert reason in answer.json["error"]
    assert "force" in answer.json["error"]
    assert client.delete(f"{PATH}/{version}", json={"dry_run": True}).status_code == 409
    assert client.delete(f"{PATH}/{version}", json={"force": True}).status_code == 200
    assert version not in versions()
    registry.refresh()
    expected = {"4": "3", "3": "4"}[str(version)]
    assert client.post("/v1/models/classic:predict", json=ROW).headers["X-Onehot-Model-Version"] == expected


def test_a_dry_run_deletes_nothing(client, versions) -> None:
    """It says whether the version would go."""
    assert client.delete(f"{PATH}/2", json={"dry_run": True}).status_code == 200
    assert versions() == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (f"{PATH}/1", {"force": 1}, 400),
        (f"{PATH}/1", {"forced": True}, 400),
        (f"{PATH}/1", [], 400),
        (f"{PATH}/1?force=true", None, 400),
        (f"{PATH}/9", None, 404),
        (f"{PATH}/0", None, 404),
        ("/v1/models/other/versions/1", None, 404),
        ("/v1/models/datasets/versions/1", None, 404),
    ],
)
def test_what_is_not_asked_rightly_deletes_nothing(client, versions, path, body, status) -> None:
    """Bodies, parameters, names and numbers."""
    assert client.delete(path, json=body).status_code == status
    assert versions() == [1, 2, 3, 4]


def test_a_request_under_way_is_answered_by_the_version_that_goes(client, registry, compute) -> None:
    """It has found it before; its file is gone when it computes."""
    under_way = registry.find("classic", version=3)
    assert client.delete(f"{PATH}/3", json={"force": True}).status_code == 200
    registry.refresh()
    with pytest.raises(Exception, match="no version 3"):
        registry.find("classic", version=3)
    row = under_way.read([[0.5] * 8])
    assert under_way.predict(row) == pytest.approx(compute("classic-a", [[0.5] * 8]), abs=1e-5)


def test_a_deletion_is_waited_for(registry, store_folder, monkeypatch) -> None:
    """A client that was told that a version is gone does not find it."""
    monkeypatch.setattr(pending_versions, "has_event_loop", lambda: True)
    looks = []
    monkeypatch.setattr(registry, "look_soon", lambda: looks.append(Store.open(store_folder)))
    monkeypatch.setattr(pending_versions.time, "sleep", lambda _: registry.refresh())
    for file in (store_folder / "classic" / "1").iterdir():
        file.unlink()
    PendingVersions(registry).wait_for_deletion("classic", 1)
    assert len(looks) == 1
    assert 1 not in registry.snapshot.model("classic").versions


def test_a_file_of_a_version_comes_as_it_was_published(client, store_folder) -> None:
    """Whole, with its digest and its type; also of a version that is not loaded."""
    store = Store.open(store_folder)
    for version in (1, 4):
        for name, info in store.manifest("classic", version).files.items():
            answer = client.get(f"{PATH}/{version}/files/{name}")
            assert answer.data == store.read(store.manifest("classic", version), name)
            assert answer.headers["ETag"] == f'"{info.sha256}"'
            assert int(answer.headers["Content-Length"]) == info.size
    assert client.get(f"{PATH}/1/files/report.json").content_type == "application/json"


@pytest.mark.parametrize(
    ("path", "sentence"),
    [("1/files/claim.json", "model.onnx"), ("1/files/manifest.json", "model.onnx"), ("9/files/x", "no version 9")],
)
def test_what_is_no_file_of_a_version_is_a_404(client, path, sentence) -> None:
    """Nothing of the store is read that the manifest does not list; the sentence says what there is."""
    answer = client.get(f"{PATH}/{path}")
    assert answer.status_code == 404
    assert sentence in answer.json["error"]


def test_a_damaged_file_never_comes_whole(client, store_folder) -> None:
    """Of the same size it breaks off before its last bytes, of another size it is a 503."""
    file = store_folder / "classic" / "1" / "model.onnx"
    content = file.read_bytes()
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert client.get(f"{PATH}/1/files/model.onnx").status_code == 503
    file.write_bytes(content[:-1])
    answer = client.get(f"{PATH}/1/files/model.onnx")
    assert answer.status_code == 503
    assert "bytes" in answer.json["error"]


def test_rows_to_try_a_version_with_are_those_that_it_was_proved_on(client, publish, registry) -> None:
    """As a request would send them: sent back, they give what Keras predicted."""
    publish()
    registry.refresh()
    found = client.get("/v1/models/classic/versions/1/examples").json["examples"]
    rows = [one["instance"] for one in found]
    answer = client.post("/v1/models/classic:predict", json={"instances": rows}).json["predictions"]
    assert answer == [pytest.approx(one["prediction"], abs=1e-4) for one in found]
    assert client.get("/v1/models/classic/versions/9/examples").status_code == 404


def test_the_manifest_tells_of_files_and_of_what_was_proved(client) -> None:
    """Not the golden rows themselves."""
    manifest = client.get(f"{PATH}/1/manifest").json
    assert manifest["golden_rows"] == {"rows": 4, "tolerance": 1e-5}
    assert set(manifest["files"]) == {"report.json", "model.onnx", "model.keras"}
    assert len(manifest["files"]["model.onnx"]["sha256"]) == 64
    assert client.get(f"{PATH}/99/manifest").status_code == 404
