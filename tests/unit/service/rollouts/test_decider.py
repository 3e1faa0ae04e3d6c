"""Decisions of one process: when they are made, and when they are not."""

import time
from dataclasses import replace
from types import SimpleNamespace

import pytest

from models.errors import StoreUnavailable
from models.rollout.figures import RolloutFigures, SideFigures
from models.rollout.rollout import PROMOTED, PROMOTING, ROLLED_BACK, STOPPED
from models.rollout.rollout_store import RolloutStore
from service.errors import QueueUnavailable
from service.rollouts.decider import FAILED_S, WHOLE_S, Decider
from service.rollouts.held_lease import Held
from service.rollouts.live_step import stage_topic
from service.rollouts.rollout_metrics import RolloutMetrics
from service.rollouts.rollouts import Rollouts
from service.telemetry.metrics import Metrics
from service.traffic.shared_figures import SharedFigures

GOOD = RolloutFigures(100.0, SideFigures(5000, 0, 5000), SideFigures(5000, 0, 5000))
BAD = RolloutFigures(100.0, SideFigures(5000, 0, 5000), SideFigures(5000, 2500, 2500))


class Lease:
    """A lease that a test gives and takes."""

    def __init__(self) -> None:
        self.is_mine = self.is_there = True

    def take(self) -> Held:
        """What the queue's server would say."""
        if not self.is_there:
            raise QueueUnavailable("away")
        return Held(self.is_mine, time.time(), 0.0)


@pytest.fixture
def lease() -> Lease:
    return Lease()


@pytest.fixture
def figures() -> SharedFigures:
    """Those of a service alone."""
    return SharedFigures()


@pytest.fixture
def decider(registry, figures, lease, clock, request) -> Decider:
    """That of one process, whose threads are not started."""
    request.getfixturevalue("two_versions")
    registry.refresh()
    metrics = RolloutMetrics(Metrics())
    rollouts = Rollouts(registry, figures, metrics)
    figures.sources.append(rollouts.post)
    return Decider(registry, rollouts, metrics, open_lease=lambda _: lease, clock=clock)


@pytest.fixture
def turn(decider, registry, figures, clock, current):
    """Look at the store, post figures, and decide; time passes in between."""

    def _turn(counted: RolloutFigures | None = None, *, passes_s: float = WHOLE_S) -> None:
        registry.refresh()
        figures.share()
        if counted is not None:
            figures.post(stage_topic(current()), counted.to_bytes())
        clock.now_s += passes_s
        decider.turn()

    return _turn


def test_a_step_is_passed_once_all_figures_have_been_there_for_a_while(turn, begin, current) -> None:
    """The next one has figures of its own; none is passed without any."""
    begin({"shadow": 100}, {"canary": 100})
    turn(GOOD)
    assert current().step == 0
    turn(GOOD)
    assert current().step == 1
    turn()
    turn()
    assert current().step == 1


def test_the_last_step_moves_stable_and_keeps_the_record(turn, begin, current, store) -> None:
    """Decided, done and written down."""
    rollout = begin({"canary": 100})
    for _ in range(3):
        turn(GOOD)
    assert current().state == PROMOTED
    assert store.labels("classic") == {"stable": 2}
    assert RolloutStore(store, "classic").record(rollout.id) == current()


def test_a_breach_goes_back_at_once(turn, begin, current, store) -> None:
    """However short figures have been there."""
    begin({"canary": 100})
    turn(BAD)
    assert current().state == ROLLED_BACK
    assert current().story[-1].figures["candidate"]["errors"] == 2500
    assert store.labels("classic") == {"stable": 1}


def test_nothing_is_decided_without_the_queue_or_by_another_service(turn, begin, current, lease) -> None:
    """It is frozen; when the queue is back, figures must be there for a while again."""
    begin({"canary": 100})
    turn(GOOD)
    lease.is_there = False
    turn(GOOD)
    lease.is_there, lease.is_mine = True, False
    turn(GOOD)
    assert len(current().story) == 1
    lease.is_mine = True
    turn(GOOD)
    assert len(current().story) == 1
    turn(GOOD)
    assert current().state == PROMOTING


def test_nothing_is_decided_without_the_store(turn, begin, current, monkeypatch) -> None:
    """The decision is made when it is back."""
    begin({"canary": 100})
    turn(GOOD)
    with monkeypatch.context() as patched:
        patched.setattr(RolloutStore, "read", lambda _: _raise(StoreUnavailable("away")))
        turn(None)
    assert len(current().story) == 1
    for _ in range(2):
        turn(GOOD)
    assert current().state == PROMOTING


def _raise(error: Exception) -> None:
    raise error


@pytest.mark.parametrize("is_moved", [False, True])
def test_what_was_decided_is_finished_by_the_next_one(turn, begin, change, current, store, is_moved) -> None:
    """A process can have died before `stable` was moved, or after."""
    rollout = begin({"canary": 100})
    change(lambda one: one.moved(PROMOTING, "enough", now="2026-01-01T00:00:00+00:00"))
    if is_moved:
        store.set_label("classic", "stable", 2)
    turn()
    assert (current().state, current().reason) == (PROMOTED, "enough")
    assert store.labels("classic") == {"stable": 2}
    assert [one.event for one in RolloutStore(store, "classic").record(rollout.id).story][-1] == PROMOTED


def test_the_record_of_an_ended_one_is_written_by_the_next(turn, begin, change, store_folder) -> None:
    """A process can have died between the document and the record."""
    rollout = begin({"canary": 100})
    change(lambda one: one.moved(ROLLED_BACK, "no more", now="2026-01-01T00:00:00+00:00"))
    record = store_folder / "classic" / "rollouts" / f"{rollout.id}.json"
    record.unlink()
    turn()
    assert record.exists()


def test_a_last_step_below_100_is_followed_everywhere_before_stable_moves(turn, begin, current, store) -> None:
    """Callers who are sent to the candidate by one service are not sent back by another."""
    begin({"canary": 50})
    for _ in range(3):
        turn(GOOD)
    assert current().state == PROMOTING
    assert store.labels("classic") == {"stable": 1}


def test_stable_moved_by_hand_ends_the_rollout(turn, begin, current, store, publish) -> None:
    """To another version: stopped. What was chosen by hand stays."""
    begin({"canary": 100})
    publish()
    turn(GOOD)
    assert current().state == STOPPED
    assert "stable" in current().reason
    assert store.labels("classic") == {"stable": 3}


def test_a_candidate_that_is_gone_ends_the_rollout(turn, begin, current, store_folder) -> None:
    """After a moment, in which a store that is being restored may have it again; the story keeps the counts."""
    begin({"canary": 100})
    turn(GOOD, passes_s=1.0)
    (store_folder / "classic" / "2" / "manifest.json").unlink()
    turn(passes_s=1.0)
    assert len(current().story) == 1
    turn(passes_s=FAILED_S)
    assert current().state == ROLLED_BACK
    assert "version 2" in current().reason
    assert current().story[-1].figures["candidate"]["requests"] == 5000


def test_what_changed_while_it_was_judged_is_not_overwritten(
    turn, begin, change, current, decider, monkeypatch
) -> None:
    """A person was faster: it is paused, and stays so."""
    begin({"canary": 100}, on_breach="pause")
    shown = decider._rollouts.shown

    def paused_meanwhile(model, rollout):
        change(
            lambda one: one if one.state != "running" else one.moved("paused", "wait", now="2026-01-01T00:00:00+00:00")
        )
        return shown(model, rollout)

    monkeypatch.setattr(decider, "_rollouts", SimpleNamespace(shown=paused_meanwhile, service="mine"))
    turn(BAD)
    assert (current().state, current().reason) == ("paused", "wait")


def test_figures_of_another_stage_do_not_count(turn, begin, current, figures) -> None:
    """A paused rollout that goes on begins its step again."""
    rollout = begin({"canary": 100})
    figures.post(stage_topic(replace(rollout, stage=2)), GOOD.to_bytes())
    turn()
    turn()
    assert len(current().story) == 1


def test_a_guard_that_asks_for_labels_waits_for_them(turn, begin, current, decider) -> None:
    """Those of rows of this stage; without any, the step is not passed."""
    begin({"canary": 50}, guards={"quality": -0.05})
    for _ in range(3):
        turn(GOOD)
    assert len(current().story) == 1
    decider._rollouts.quality_of = lambda _model, _version, _since: (950, 1000)
    turn(GOOD)
    assert current().state == PROMOTING
    assert current().story[-1].figures["candidate"]["accuracy"] == 0.95
