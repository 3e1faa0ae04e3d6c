from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from obstore.store import MemoryStore

from models.errors import GateDoesNotHold, RolloutNotFound, RolloutRefused, VersionNotFound
from models.rollout import rollout_course
from models.rollout.rollout import PAUSED, PROMOTED, PROMOTING, ROLLED_BACK, RUNNING, STOPPED
from models.rollout.rollout_course import begin_rollout, paused, promoted, resumed, rolled_back, settled, stopped
from models.rollout.rollout_store import RolloutStore
from models.spec.rollout.rollout_plan import read_plan
from models.store.store import Store

PLAN = read_plan({"steps": [{"canary": 5}]})
FILES = {"model.onnx": b"graph"}


@pytest.fixture(params=["folder", "bucket"])
def store(request, tmp_path, draft) -> Store:
    """Versions 1 to 3 of iris, of which 1 is stable; the gate of 3 does not hold."""
    made = Store.open(tmp_path / "store") if request.param == "folder" else Store(MemoryStore())
    gate = {"metric": "accuracy", "holds": False, "checks": []}
    for job, how in (("a", None), ("b", None), ("c", gate)):
        made.publish(replace(draft, job_id=job, gate=how), FILES, promote=job == "a")
    return made


@pytest.fixture
def rollouts(store) -> RolloutStore:
    """Of iris, with one of version 2 that has begun."""
    begin_rollout(store, "iris", 2, PLAN, by="anna")
    return RolloutStore(store, "iris")


def stable(store):
    return store.labels("iris")["stable"]


def test_a_rollout_begins_against_the_default_version(store, rollouts):
    """It is seen by all who look, and the hint says so."""
    found = rollouts.read()
    assert (found.candidate, found.baseline, found.state, found.by) == (2, 1, RUNNING, "anna")
    document, e_tag = rollouts.read_if_changed(None)
    assert document == found
    assert rollouts.read_if_changed(e_tag) is None
    assert RolloutStore(store, "other").read() is None


@pytest.mark.parametrize(
    ("candidate", "error"), [(1, RolloutRefused), (2, RolloutRefused), (3, GateDoesNotHold), (9, VersionNotFound)]
)
@pytest.mark.usefixtures("rollouts")
def test_what_cannot_be_rolled_out_is_refused(store, candidate, error):
    """The default version, a second one beside the first, one whose gate does not hold, none at all."""
    if candidate == 1:
        stopped(store, "iris", by="anna")
    with pytest.raises(error):
        begin_rollout(store, "iris", candidate, PLAN, by="ben")


def test_the_end_moves_stable_through_the_gate_once(store, rollouts):
    """However many processes look at once; the record tells the whole of it."""
    rollouts.change(lambda one: one.moved(PROMOTING, "all well", now="2026-01-01T00:00:00+00:00"))
    with ThreadPoolExecutor(4) as pool:
        assert {one.state for one in pool.map(lambda _: settled(store, "iris"), range(8))} == {PROMOTED}
    assert stable(store) == 2
    (record_id,) = rollouts.record_ids()
    record = rollouts.record(record_id)
    assert (record.state, record.reason) == (PROMOTED, "all well")
    assert [event.event for event in record.story] == ["begun", PROMOTING, PROMOTED]


def test_a_promotion_that_died_between_label_and_document_is_finished(store, rollouts, monkeypatch):
    """The next process that looks finds the label there, and writes the rest."""

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(
            rollout_course,
            "_to",
            lambda state, *how, **more: killed if state == PROMOTED else KEPT(state, *how, **more),
        )
        with pytest.raises(KeyboardInterrupt):
            promoted(store, "iris", by="anna")
    assert (stable(store), rollouts.read().state, rollouts.record_ids()) == (2, PROMOTING, [])
    assert settled(store, "iris").state == PROMOTED
    assert len(rollouts.record_ids()) == 1


KEPT = rollout_course._to


def test_a_record_that_was_not_written_is_written_later(store, rollouts, monkeypatch):
    """The process died between the end and its record."""
    with monkeypatch.context() as patched:
        patched.setattr(RolloutStore, "keep_record", lambda *_: None)
        rolled_back(store, "iris", by="anna")
    assert rollouts.record_ids() == []
    settled(store, "iris")
    assert rollouts.record(rollouts.record_ids()[0]).state == ROLLED_BACK


@pytest.mark.usefixtures("rollouts")
def test_a_person_pauses_resumes_and_promotes(store):
    """Twice is as once; what has ended goes nowhere any more."""
    assert paused(store, "iris", by="anna").state == PAUSED
    assert paused(store, "iris", by="ben").reason == "paused by anna"
    assert resumed(store, "iris", by="anna").stage == 2
    assert promoted(store, "iris", by="anna").state == PROMOTED
    assert stable(store) == 2
    for change in (paused, resumed, promoted, rolled_back):
        with pytest.raises(RolloutRefused, match="it is promoted"):
            change(store, "iris", by="ben")


def test_a_rollback_leaves_stable_where_it_was(store, rollouts):
    """And another rollout can begin; the first is kept as a record."""
    assert rolled_back(store, "iris", by="anna").state == ROLLED_BACK
    assert stable(store) == 1
    begin_rollout(store, "iris", 2, PLAN, by="ben")
    assert (rollouts.read().by, rollouts.record(rollouts.record_ids()[0]).by) == ("ben", "anna")


def test_deleting_ends_it_and_takes_its_document(store, rollouts):
    """What was promoted stays so; the record is kept."""
    stopped(store, "iris", by="anna")
    assert rollouts.read() is None
    assert rollouts.record(rollouts.record_ids()[0]).state == STOPPED
    for change in (paused, stopped):
        with pytest.raises(RolloutNotFound):
            change(store, "iris", by="anna")
    begin_rollout(store, "iris", 2, PLAN, by="anna")
    promoted(store, "iris", by="anna")
    assert stopped(store, "iris", by="anna").state == PROMOTED
    assert rollouts.read() is None
    assert stable(store) == 2


@pytest.mark.parametrize(("version", "state"), [(2, PROMOTED), (3, STOPPED)])
@pytest.mark.usefixtures("rollouts")
def test_stable_moved_by_others_ends_it(store, version, state):
    """There is one default version, and it is what the label says."""
    store.set_label("iris", "stable", version)
    assert settled(store, "iris").state == state
    assert stable(store) == version


def test_a_promotion_does_not_take_back_a_later_one(store, rollouts):
    """The label was moved between the decision and the end."""
    rollouts.change(lambda one: one.moved(PROMOTING, "all well", now="2026-01-01T00:00:00+00:00"))
    store.set_label("iris", "stable", 3)
    ended = settled(store, "iris")
    assert (ended.state, ended.reason, stable(store)) == (STOPPED, "label `stable` was moved to version 3 meanwhile", 3)


def test_a_candidate_that_is_gone_is_not_promoted(store, rollouts):
    """It was deleted by force meanwhile."""
    rollouts.change(lambda one: replace(one, candidate=8).moved(PROMOTING, "all well", now="2026-01-01T00:00:00+00:00"))
    assert (settled(store, "iris").state, stable(store)) == (ROLLED_BACK, 1)


def test_of_many_that_begin_at_once_one_does(store):
    """By compare-and-swap; the others are told of it."""

    def begin(who):
        try:
            return begin_rollout(store, "iris", 2, PLAN, by=who).by
        except RolloutRefused:
            return None

    with ThreadPoolExecutor(4) as pool:
        begun = [who for who in pool.map(begin, "abcdefgh") if who]
    assert begun == [RolloutStore(store, "iris").read().by]
