from dataclasses import replace

import pytest

from models.rollout.decision import BREACH, FINISH, NEXT, STAY, decided, decision
from models.rollout.figures import PairFigures, RolloutFigures
from models.rollout.rollout import PAUSED, PROMOTING, ROLLED_BACK, RUNNING, STOPPED

NOW = "2026-01-01T00:01:00.000+00:00"


def test_a_step_is_left_when_time_and_rows_are_there(rollout_of, figures_of, side_of):
    """Not before, and never without figures, whatever time has passed."""
    rollout = rollout_of()
    assert decision(rollout, figures_of(59.0)).reason == "watched for 59 of 60 s"
    assert decision(rollout, figures_of(candidate=side_of(499))).reason == "499 of 500 rows"
    assert decision(rollout, RolloutFigures(seconds=1e9)).action == STAY
    made = decision(rollout, figures_of())
    assert (made.action, made.reason) == (NEXT, "1000 rows in 60 s at shadow 100 %, no guard breached")
    after = decided(rollout, made, now=NOW)
    assert (after.step, after.stage, after.step_started_at, after.state) == (1, 2, NOW, RUNNING)
    assert (after.canary_percent, after.shadow_percent) == (5.0, 0.0)
    assert after.story[-1].event == "step"
    assert after.story[-1].figures["candidate"]["rows"] == 1000
    assert decided(rollout, decision(rollout, RolloutFigures()), now=NOW) is rollout


def test_the_last_step_ends_in_the_promotion(rollout_of, figures_of, side_of):
    """Its candidate answers all, so that the default version's figures are those of the step before."""
    rollout = decided(rollout_of(), decision(rollout_of(), figures_of()), now=NOW)
    rollout = decided(rollout, decision(rollout, figures_of(default=side_of(3000))), now=NOW)
    assert (rollout.is_last_step, rollout.reference.requests) == (True, 3000)
    made = decision(rollout, figures_of(default=side_of(0)))
    assert (made.action, made.figures.default.requests) == (FINISH, 3000)
    after = decided(rollout, made, now=NOW)
    assert (after.state, after.canary_percent, after.ended_at) == (PROMOTING, 100.0, None)


@pytest.mark.parametrize(("on_breach", "state"), [("rollback", ROLLED_BACK), ("pause", PAUSED)])
def test_a_breach_ends_or_pauses_it_at_once(rollout_of, figures_of, side_of, on_breach, state):
    """Without waiting for time or rows; the reason holds the figures."""
    rollout = rollout_of(on_breach=on_breach)
    made = decision(rollout, figures_of(1.0, candidate=side_of(300, 60)))
    assert made.action == BREACH
    assert "20.00% of 300 requests failed" in made.reason
    after = decided(rollout, made, now=NOW)
    assert (after.state, after.reason, after.story[-1].figures["candidate"]["errors"]) == (state, made.reason, 60)
    assert after.shadow_percent == (100.0 if state == PAUSED else 0.0)


def test_a_doubtful_candidate_is_not_moved_forward(rollout_of, figures_of):
    """Neither sure to be worse nor as good as it has to be: more figures decide."""
    rollout = rollout_of(guards={"agreement": 0.95})
    made = decision(rollout, figures_of(pairs=PairFigures(600, 0.94 * 600)))
    assert made.action == STAY
    assert made.reason.startswith("not sure yet, more figures decide: agreement: 94.00%")


def test_a_paused_rollout_stays_and_is_still_guarded(rollout_of, figures_of, side_of):
    """It is rolled back on a breach, unless a breach is to pause it."""
    worse = figures_of(candidate=side_of(300, 60))
    paused = rollout_of().moved(PAUSED, "a person", now=NOW)
    assert decision(paused, figures_of()).reason == "it is paused"
    assert decision(paused, worse).action == BREACH
    assert decision(rollout_of(on_breach="pause").moved(PAUSED, "a person", now=NOW), worse).action == STAY


@pytest.mark.parametrize("state", [PROMOTING, ROLLED_BACK, STOPPED])
def test_an_ended_rollout_stays_as_it_is(rollout_of, figures_of, side_of, state):
    """Whatever the figures are."""
    rollout = rollout_of().moved(state, "done", now=NOW)
    assert decision(rollout, figures_of()).action == STAY
    assert decision(rollout, figures_of(candidate=side_of(300, 60))).action == STAY


def test_a_quality_guard_waits_for_labels_where_both_answer(rollout_of, figures_of, side_of):
    """At `canary 100` the default version gets none any more, and the rollout still ends."""
    rollout = decided(rollout_of(), decision(rollout_of(), figures_of()), now=NOW)
    rollout = replace(rollout, plan=rollout_of(guards={"quality": -0.01}).plan)
    waits = "not sure yet, more figures decide: quality: waits for true labels of both versions, by feedback"
    assert decision(rollout, figures_of()).reason == waits
    last = replace(rollout, step=2)
    assert decision(last, figures_of(default=side_of(0))).action == FINISH
