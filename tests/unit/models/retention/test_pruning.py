import json
from datetime import UTC, datetime, timedelta

import obstore
import pytest

from models.errors import ModelNotFound, StoreUnavailable
from models.retention.pruning import Retention, prune
from models.store.checkpoints import JobCheckpoints
from models.store.datasets import Datasets
from models.store.store import Store
from tests.unit.models.retention.conftest import FILES

DAY = timedelta(days=1)
NOW = datetime.now(UTC) + DAY / 24
LATER = NOW + 2 * DAY
ALL = Retention(keep=0, older_than=timedelta(0))


def pruned(store, retention=ALL, *, now=NOW, **how):
    return [(one.kind, one.path, one.outcome) for one in prune(store, retention, by="a test", now=now, **how)]


def test_only_what_is_old_goes():
    """Neither the newest nor the young."""
    at = {number: NOW - number * DAY for number in range(1, 6)}
    assert Retention(keep=2, older_than=DAY / 2).old(at, NOW) == [1, 2, 3]
    assert Retention(keep=0, older_than=3.5 * DAY).old(at, NOW) == [4, 5]
    assert Retention(keep=5, older_than=DAY).old(at, NOW) == []


def test_a_prune_deletes_old_versions_and_keeps_what_is_needed(store, publish):
    """Each that is kept with its reason."""
    publish("a", "b", "c", "d", "e")
    store.set_label("iris", "canary", 2)
    outcomes = [
        ("version", "iris/1", "deleted"), ("version", "iris/2", "kept"), ("version", "iris/3", "deleted"),
        ("version", "iris/4", "kept"), ("version", "iris/5", "kept"),
    ]  # fmt: skip
    assert pruned(store, dry_run=True) == outcomes
    assert store.versions("iris") == [1, 2, 3, 4, 5]
    assert pruned(store) == outcomes
    assert store.versions("iris") == [2, 4, 5]
    assert [store.verify("iris", version).version for version in (2, 4, 5)] == [2, 4, 5]
    assert pruned(store, Retention(keep=0, older_than=DAY)) == []


def test_what_a_label_named_a_moment_ago_stays(store, publish):
    """Services may still answer with it; an hour later it goes."""
    publish("a", "b", "c", "d")
    reasons = {one.path: one.reason for one in prune(store, ALL, by="a test", now=datetime.now(UTC) + DAY / 1000)}
    assert reasons["iris/1"] == reasons["iris/2"] == "a label named it a moment ago"
    assert store.versions("iris") == [1, 2, 3, 4]
    assert [path for _, path, outcome in pruned(store) if outcome == "deleted"] == ["iris/1", "iris/2"]


def test_one_model_is_pruned_alone(store, publish):
    """An unknown one is named."""
    publish("a", "b", "c")
    publish("x", "y", "z", model="other")
    assert [path for _, path, outcome in pruned(store, model="other") if outcome == "deleted"] == ["other/1"]
    assert store.versions("iris") == [1, 2, 3]
    with pytest.raises(ModelNotFound):
        pruned(store, model="unknown")


@pytest.mark.parametrize("file", ["labels.json", "promotions/x.json"])
def test_damage_in_one_model_keeps_its_versions_and_stops_no_other(store, publish, file):
    """It is named."""
    publish("a", "b", "c")
    publish("x", "y", "z", model="other")
    obstore.put(store.objects, f"iris/{file}", b"[[[")
    failed = [one for one in prune(store, ALL, by="a test", now=NOW) if one.outcome == "failed"]
    assert failed
    assert all(one.path.startswith("iris") and file in one.reason for one in failed)
    assert (store.versions("iris"), store.versions("other")) == ([1, 2, 3], [2, 3])


def test_a_store_that_is_away_ends_the_prune(tmp_path):
    """Nothing else can be done."""
    store = Store.open(tmp_path / "store")
    (tmp_path / "store").rmdir()
    with pytest.raises(StoreUnavailable):
        pruned(store)


def test_what_an_interrupted_publish_left_goes_a_day_later(store, publish, paths):
    """The claim of the highest number stays."""
    publish("a")
    for number in (2, 3):
        obstore.put(store.objects, f"iris/{number}/claim.json", json.dumps({"job_id": f"j{number}"}).encode())
        obstore.put(store.objects, f"iris/{number}/model.onnx", b"graph")
    never = Retention(keep=100)
    assert pruned(store, never) == []
    gone = [("interrupted publish", f"iris/{number}", "deleted") for number in (2, 3)]
    assert sorted(pruned(store, never, now=LATER, dry_run=True)) == gone
    assert sorted(pruned(store, never, now=LATER)) == gone
    assert paths("iris/2") == []
    assert {path.partition("-")[0] for path in paths("iris/3")} == {"iris/3/claim.json", "iris/3/deleting"}
    assert pruned(store, never, now=LATER) == []
    publish("b")
    assert store.versions("iris") == [1, 4]


def test_records_of_jobs_whose_versions_were_removed_by_hand_go(store, publish, paths):
    """A day later; those of other versions stay."""
    publish("a", "b", "c")
    for path in paths("iris/1"):
        obstore.delete(store.objects, path)
    assert pruned(store, Retention(), now=NOW) == []
    assert ("job record", "iris/jobs/a.json", "deleted") in pruned(store, Retention(), now=LATER)
    assert [path for path in paths() if "/jobs/" in path] == ["iris/jobs/b.json", "iris/jobs/c.json"]


def test_checkpoints_go_when_their_job_cannot_go_on(store, publish, paths):
    """A day after its job has published; else when the queue has forgotten it."""
    publish("done")
    for job in ("done", "waiting"):
        JobCheckpoints(store, "iris", job).save(b"weights")
    assert pruned(store, Retention()) == []
    assert pruned(store, Retention(), now=LATER) == [("checkpoints", "iris/checkpoints/done", "deleted")]
    assert JobCheckpoints(store, "iris", "waiting").newest() == b"weights"
    assert ("checkpoints", "iris/checkpoints/waiting", "deleted") in pruned(store, Retention(), now=NOW + 31 * DAY)
    assert paths("iris/checkpoints") == []


def test_what_an_interrupted_upload_left_goes_a_day_later(store, tmp_path, paths):
    """A whole data set stays."""
    file = tmp_path / "a.csv"
    file.write_bytes(b"a,y\n1,2\n")
    kept = Datasets(store.objects).put("a.csv", file, created_at="2026-01-01T00:00:00+00:00", count_rows=lambda _: 1)
    obstore.put(store.objects, f"datasets/{'0' * 64}/data.csv", b"a,y\n")
    assert pruned(store) == []
    assert pruned(store, now=LATER) == [("interrupted upload", f"datasets/{'0' * 64}", "deleted")]
    assert {path.split("/")[1] for path in paths("datasets")} == {kept.sha256, "names"}


def test_half_a_write_goes_a_day_later(store, publish):
    """A file of a folder is written under another name first."""
    publish("a", "b")
    if store.folder is None:
        pytest.skip("a bucket has none")
    half = store.folder / "iris/1/model.onnx#1"
    half.write_bytes(b"gra")
    assert pruned(store, Retention()) == []
    assert pruned(store, Retention(), now=LATER) == [("half a write", "iris/1/model.onnx#1", "deleted")]
    assert not half.exists()
    assert {path.name for path in (store.folder / "iris/1").iterdir()} == {*FILES, "manifest.json", "claim.json"}
