import itertools
import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import obstore
import pytest

from models.errors import CorruptVersion, ModelNotFound, StoreUnavailable, VersionInUse, VersionNotFound
from models.retention import deletion
from models.retention.deletion import delete_version, require_deletable
from models.retention.pruning import Retention, prune
from models.rollout.rollout_course import begin_rollout, stopped
from models.spec.rollout.rollout_plan import read_plan
from models.store.label_moves import roll_back
from models.store.promotions import Move, Promotion, PromotionLog
from tests.unit.models.retention.conftest import FAILED_GATE, FILES

NEVER = Retention(keep=1000)


class Killed(BaseException):
    """The process dies here."""


def delete(store, version, model="iris", **how):
    delete_version(store, model, version, by="a test", **how)


def test_a_deleted_version_is_gone_with_everything_of_it(store, publish, paths):
    """Manifest, files, claim, the job's record; the others are whole."""
    publish("a", "b", "c")
    delete(store, 1)
    assert store.versions("iris") == [2, 3]
    assert [path for path in paths() if path.startswith("iris/1") or "a.json" in path] == []
    assert [store.verify("iris", version).job_id for version in (2, 3)] == ["b", "c"]
    with pytest.raises(VersionNotFound):
        delete(store, 1)


def test_a_number_is_never_given_again(store, publish, paths):
    """Not even the highest one; its claim goes when a higher number is taken."""
    publish("a")
    publish("b", "c", promote=False)
    delete(store, 3)
    assert [path.partition("-")[0] for path in paths("iris/3")] == ["iris/3/claim.json", "iris/3/deleting"]
    publish("d", promote=False)
    assert store.versions("iris") == [1, 2, 4]
    list(prune(store, NEVER, by="a test", now=datetime.now(UTC)))
    assert paths("iris/3") == []
    delete(store, 4)
    publish("e", promote=False)
    assert store.versions("iris") == [1, 2, 5]


@pytest.mark.parametrize(("version", "reason"), [(3, "label 'stable' names it"), (2, "last good"), (1, "'canary'")])
def test_what_is_needed_is_refused_and_stays_whole(store, publish, paths, version, reason):
    """With the reason; nothing is written."""
    publish("a", "b", "c")
    store.set_label("iris", "canary", 1)
    before = paths()
    for refused in (require_deletable, partial(delete_version, by="a test")):
        with pytest.raises(VersionInUse, match=reason):
            refused(store, "iris", version)
    assert paths() == before


def test_the_last_good_version_is_what_a_rollback_goes_to(store, publish):
    """By the record; where there is none, by the gates."""
    publish("a", "b", "c", "d")
    roll_back(store, "iris", by="a test")
    with pytest.raises(VersionInUse, match="last good"):
        delete(store, 2)
    delete(store, 4)
    delete(store, 1)
    publish("x", "y", model="bare", promote=False)
    publish("z", model="bare", promote=False, gate=FAILED_GATE)
    publish("zz", model="bare", promote=False)
    with pytest.raises(VersionInUse, match="by default"):
        delete(store, 4, "bare")
    with pytest.raises(VersionInUse, match="last good"):
        delete(store, 2, "bare")
    delete(store, 3, "bare")


def test_force_takes_the_labels_off_first(store, publish):
    """`stable` goes back to what it named before; where there is nothing, it goes."""
    publish("a", "b")
    store.set_label("iris", "canary", 2)
    delete(store, 2, force=True)
    assert (store.versions("iris"), store.labels("iris")) == ([1], {"stable": 1})
    delete(store, 1, force=True)
    assert (store.versions("iris"), store.labels("iris")) == ([], {})
    with pytest.raises(ModelNotFound):
        delete(store, 1)


def test_force_does_not_go_back_to_a_broken_version(store, publish):
    """Nothing is deleted then, and the version can be labelled again."""
    publish("a", "b")
    obstore.put(store.objects, "iris/1/model.onnx", b"grapH")
    with pytest.raises(CorruptVersion):
        delete(store, 2, force=True)
    assert store.set_label("iris", "canary", 2)
    assert store.verify("iris", 2)


def test_labels_that_cannot_be_read_keep_every_version(store, publish):
    """What they name is not known."""
    publish("a", "b", "c")
    obstore.put(store.objects, "iris/labels.json", b"{")
    with pytest.raises(StoreUnavailable, match=r"labels\.json"):
        delete(store, 1)
    assert store.versions("iris") == [1, 2, 3]


def test_a_label_does_not_come_to_a_version_that_is_being_deleted(store, publish, monkeypatch):
    """The deletion was first: the move is told that the version is gone."""
    publish("a", "b", "c")
    release = deletion._release

    def move_meanwhile(*args, **how):
        with pytest.raises(VersionNotFound):
            store.set_label("iris", "canary", 1)
        release(*args, **how)

    monkeypatch.setattr(deletion, "_release", move_meanwhile)
    with pytest.raises(VersionInUse, match="about to come"):  # the attempt was recorded, which is enough
        delete(store, 1)
    assert store.labels("iris") == {"stable": 3}
    assert store.set_label("iris", "canary", 1)


def test_a_deletion_gives_way_to_a_move_that_was_recorded_before(store, publish, monkeypatch):
    """The move was first, and writes its label in this moment."""
    publish("a", "b", "c")
    add_mark = deletion.add_mark

    def record_meanwhile(*args, **how):
        PromotionLog(store.objects, "iris").record(Promotion.now("iris", "canary", 1, previous=None, move=Move()))
        return add_mark(*args, **how)

    monkeypatch.setattr(deletion, "add_mark", record_meanwhile)
    with pytest.raises(VersionInUse, match="about to come"):
        delete(store, 1)
    assert store.verify("iris", 1)


def test_the_retry_of_a_job_does_not_bring_its_version_back(store, publish, draft, monkeypatch):
    """While it is deleted the retry fails; afterwards it publishes anew."""
    publish("a", "b", "c")
    delete_record = deletion.DeletedFolder._delete_job_record
    retried = replace(draft, job_id="a")

    def retry_meanwhile(folder):
        with pytest.raises(VersionNotFound):
            store.publish(retried, FILES)
        delete_record(folder)

    monkeypatch.setattr(deletion.DeletedFolder, "_delete_job_record", retry_meanwhile)
    delete(store, 1)
    assert store.versions("iris") == [2, 3]
    assert store.publish(retried, FILES).version == 4


def test_a_record_of_another_attempt_s_version_stays(store, publish, paths):
    """Two attempts claimed a number each; one of them committed."""
    publish("a", "b", "c")
    obstore.put(store.objects, "iris/1/claim.json", json.dumps({"job_id": "c"}).encode())
    delete(store, 1)
    assert "iris/jobs/c.json" in paths()


def killed_before(monkeypatch, call: int):
    """Die before the n-th write or deletion of anything."""
    count = itertools.count(1)

    def counted(original):
        def run(*args, **how):
            if next(count) == call:
                raise Killed
            return original(*args, **how)

        return run

    for module, name in ((obstore, "put"), (obstore, "delete")):
        monkeypatch.setattr(module, name, counted(getattr(module, name)))


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("call", range(1, 14, 2))
def test_a_deletion_that_dies_at_any_step_is_finished_by_the_next_prune(
    store, publish, paths, monkeypatch, call, force
):
    """Until then the version is whole or not there; what is labelled is always whole."""
    publish("a", "b", "c")
    with monkeypatch.context() as patched:
        killed_before(patched, call)
        with suppress(Killed):
            delete(store, 3 if force else 1, force=force)
    for version in store.versions("iris"):
        store.verify("iris", version)
    assert store.verify("iris", store.resolve("iris"))
    outcomes = list(prune(store, NEVER, by="a test", now=datetime.now(UTC) + timedelta(hours=2)))
    assert {one.outcome for one in outcomes} <= {"deleted", "kept"}
    marks = [path for path in paths() if "/deleting-" in path]
    assert all(path.startswith("iris/3/") for path in marks)
    for version in (1, 2, 3):
        names = {path.rpartition("/")[2] for path in paths(f"iris/{version}")}
        assert version in store.versions("iris") or {one.partition("-")[0] for one in names} <= {
            "claim.json",
            "deleting",
        }
    publish("d")
    assert store.versions("iris")[-1] == 4


def test_a_folder_that_is_a_link_is_left_alone(store, publish, tmp_path):
    """What it leads to is another version's."""
    publish("a", "b", "c")
    if store.folder is None:
        pytest.skip("a bucket has no links")
    (store.folder / "iris/1").rename(tmp_path / "elsewhere")
    (store.folder / "iris/1").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(VersionInUse, match="link"):
        delete(store, 1)
    assert len(list((tmp_path / "elsewhere").iterdir())) == len(FILES) + 2


def test_two_deletions_at_once_delete_it_once(store, publish, paths, monkeypatch):
    """The slower one finds it gone, and leaves nothing."""
    publish("a", "b", "c")
    add_mark, first = deletion.add_mark, []

    def delete_meanwhile(*args, **how):
        mark = add_mark(*args, **how)
        if not first:
            first.append(mark)
            delete(store, 1)
        return mark

    monkeypatch.setattr(deletion, "add_mark", delete_meanwhile)
    delete(store, 1)
    assert (store.versions("iris"), paths("iris/1")) == ([2, 3], [])


def test_the_versions_of_a_rollout_are_needed_while_it_is_under_way(store, publish):
    """The candidate, and what it is compared with; then they are as all others."""
    publish("a", "b")
    publish("c", "d", promote=False)
    begin_rollout(store, "iris", 3, read_plan({"steps": [{"canary": 5}]}), by="a test")
    with pytest.raises(VersionInUse, match="a rollout of it is under way"):
        require_deletable(store, "iris", 3)
    stopped(store, "iris", by="a test")
    delete(store, 3)
