import json
import os
import time
from datetime import datetime, timedelta

import pytest

from models.store.datasets import Datasets
from models.store.store import Store
from tests.unit.onehot.test_models_command import draft

YESTERDAY_S = time.time() - 24 * 3600
FILES = {"model.onnx": b"graph", "spec.yaml": b"data:\n  source: dataset://iris.csv\n"}


@pytest.fixture
def store(onehot) -> Store:  # noqa: ARG001 -- it leads into an empty folder
    """Five versions in `var/store`; `stable` names the fifth."""
    store = Store.open("var/store")
    for job_id in "abcde":
        store.publish(draft(job_id, None), FILES)
    for move in (store.folder / "tiny" / "promotions").iterdir():
        os.utime(move, (YESTERDAY_S, YESTERDAY_S))
    return store


def test_a_version_is_deleted(onehot, store):
    """What is needed only by force."""
    assert onehot("models", "delete", "tiny", "1").stdout == "version 1 of tiny is gone\n"
    refused = onehot("models", "delete", "tiny", "5")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "label 'stable' names it" in refused.stderr
    forced = onehot("models", "delete", "tiny", "5", "--force", "--json")
    assert json.loads(forced.stdout) == {"model": "tiny", "version": 5, "deleted": True}
    assert (store.versions("tiny"), store.labels("tiny")) == ([2, 3, 4], {"stable": 4})


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["delete", "tiny", "9"], 1), (["delete", "none", "1"], 1), (["delete", "tiny", "0"], 2),
        (["delete", "tiny"], 2), (["delete", "../tiny", "1"], 1), (["delete", "tiny/1", "1"], 1),
        (["prune", "../tiny"], 1),
        (["prune", "none"], 1), (["prune", "--older-than", "30"], 2), (["prune", "--keep", "-1"], 2),
    ],
)  # fmt: skip
def test_what_cannot_be_done_deletes_nothing(onehot, store, arguments, status):
    """1 for what is not there, 2 for what is wrong."""
    done = onehot("models", *arguments)
    assert (done.exit_code, "unexpected" in done.stderr) == (status, False)
    assert store.versions("tiny") == [1, 2, 3, 4, 5]


def test_a_prune_says_what_it_would_do_and_does_it(onehot, store):
    """What a service loads stays, however little is to be kept."""
    how = ("models", "prune", "--keep", "1", "--older-than", "0s")
    dry = onehot(*how, "--dry-run")
    assert [line.split()[1:4] for line in dry.stdout.splitlines()[1:]] == [
        [f"tiny/{number}", str(_size(store, number)), "would"] for number in (1, 2, 3)
    ]
    assert store.versions("tiny") == [1, 2, 3, 4, 5]
    document = json.loads(onehot(*how, "tiny", "--json").stdout)
    assert document["dry_run"] is False
    assert [(one["path"], one["outcome"], one["reason"]) for one in document["outcomes"]] == [
        (f"tiny/{number}", "deleted", "") for number in (1, 2, 3)
    ]
    assert store.versions("tiny") == [4, 5]
    nothing = onehot(*how)
    assert (nothing.exit_code, nothing.stdout, nothing.stderr) == (0, "", "Nothing to delete in var/store.\n")


def _size(store: Store, version: int) -> int:
    return sum(path.stat().st_size for path in (store.folder / "tiny" / str(version)).iterdir())


def test_young_versions_stay(onehot, store):
    """By default for thirty days."""
    assert onehot("models", "prune", "--keep", "0").exit_code == 0
    assert store.versions("tiny") == [1, 2, 3, 4, 5]


def test_a_clock_that_is_ahead_deletes_nothing_young(onehot, store, monkeypatch):
    """The store's clock tells how old a version is."""

    class Ahead(datetime):
        @classmethod
        def now(cls, tz=None):
            return super().now(tz) + timedelta(days=365)

    monkeypatch.setattr("onehot.access.stored_versions.datetime", Ahead)
    assert onehot("models", "prune", "--keep", "0").exit_code == 0
    assert store.versions("tiny") == [1, 2, 3, 4, 5]
    assert not (store.folder / ".clock").exists()


def test_a_prune_that_did_not_delete_all_ends_with_1(onehot, store):
    """The damage is named."""
    (store.folder / "tiny" / "labels.json").write_text("{")
    result = onehot("models", "prune", "--keep", "0", "--older-than", "0s")
    assert result.exit_code == 1
    assert "tiny/labels.json: expected" in result.stderr
    assert store.versions("tiny") == [1, 2, 3, 4, 5]


def _version(number: int, **changes) -> dict:
    known = {"error": None, "verdict": None, "task": "softmax", "class_names": [], "metrics": {}}
    fixed = {"version": number, "state": "START", "labels": [], "created_at": "2026-01-01T00:00:00Z"}
    return known | fixed | changes


VERSIONS = [
    _version(6, state="AVAILABLE", labels=["stable"]), _version(5, state="AVAILABLE"), _version(4, state="AVAILABLE"),
    _version(3), _version(2), _version(1, created_at=None),
]  # fmt: skip
MODELS = {"models": [{"name": "far", "default_version": 6, "labels": {"stable": 6}, "versions": VERSIONS}]}


def test_with_a_url_the_service_deletes(against, stand_in):
    """What it refuses is kept with its reason; what it has loaded is not asked for."""
    stand_in.on("GET", "/v1/models", (200, MODELS))
    stand_in.on("DELETE", "/v1/models/far/versions/2", (200, {"model": "far", "version": 2, "deleted": True}))
    stand_in.on("DELETE", "/v1/models/far/versions/3", (409, {"error": "version 3 … is the last good one"}))
    result = against("models", "prune", "--keep", "1", "--json")
    assert result.exit_code == 0
    outcomes = [(one["path"], one["outcome"], one["reason"]) for one in json.loads(result.stdout)["outcomes"]]
    assert outcomes == [
        ("far/2", "deleted", ""), ("far/3", "kept", "version 3 … is the last good one"),
        ("far/4", "kept", "it is loaded"),
    ]  # fmt: skip
    assert json.loads(stand_in.received[1][3]) == {"force": False, "dry_run": False}
    assert against("models", "delete", "far", "2", "--force").exit_code == 0
    assert json.loads(stand_in.received[-1][3]) == {"force": True, "dry_run": False}
    assert against("models", "delete", "far", "3").exit_code == 1
    assert against("models", "prune", "far", "--dry-run").exit_code == 0
    assert against("models", "prune", "near").exit_code == 1


def test_data_sets_of_the_store_are_uploaded_listed_and_deleted(onehot, store, tmp_path):
    """The versions that were trained on one are named when it goes."""
    (tmp_path / "iris.csv").write_text("a,y\n1,2\n")
    uploaded = json.loads(onehot("datasets", "upload", "iris.csv", "--json").stdout)
    assert onehot("datasets", "upload", "iris.csv", "--name", "again.csv").stdout == f"{uploaded['source']}\n"
    assert json.loads(onehot("datasets", "list", "--json").stdout) == {"datasets": [uploaded]}
    assert "iris.csv" in onehot("datasets", "list").stdout
    assert onehot("datasets", "upload", "iris.csv", "--name", "iris").exit_code == 1
    gone = onehot("datasets", "delete", "iris.csv")
    assert gone.stdout == "data set iris.csv is gone\n"
    assert gone.stderr.startswith("Trained on it: tiny/5, tiny/4")
    assert Datasets(store.objects).uploaded() == []
    assert onehot("datasets", "delete", "iris.csv").exit_code == 1
    assert "onehot datasets upload FILE" in onehot("datasets", "list").stderr
    assert onehot("datasets", "upload", "none.csv").exit_code == 2


def test_data_sets_of_a_service(against, stand_in, tmp_path):
    """The file goes as it is; a refusal is told."""
    (tmp_path / "iris.csv").write_text("a,y\n1,2\n")
    info = {"source": "dataset://9f", "name": "iris.csv", "sha256": "9f", "size": 8, "rows": 1, "created_at": "2026"}
    stand_in.on("POST", "/v1/datasets?name=iris.csv", (201, info))
    stand_in.on("GET", "/v1/datasets", (200, {"datasets": [info]}))
    stand_in.on(
        "DELETE",
        "/v1/datasets/iris.csv",
        (409, {"error": "job 'j' waits or runs and reads it"}),
        (204, b"", {"X-Onehot-Trained-Versions": "a/1"}),
    )
    assert against("datasets", "upload", "iris.csv").stdout == "dataset://9f\n"
    assert "dataset://9f" in against("datasets", "list").stdout
    refused = against("datasets", "delete", "iris.csv")
    assert (refused.exit_code, "waits or runs" in refused.stderr) == (1, True)
    assert json.loads(against("datasets", "delete", "iris.csv", "--json").stdout)["trained_versions"] == ["a/1"]
