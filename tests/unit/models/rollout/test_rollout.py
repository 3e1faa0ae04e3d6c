import json

import pytest

from models.rollout.rollout import MOST_EVENTS, PAUSED, RUNNING, STOPPED, Rollout
from tests.unit.models.rollout.conftest import AT

LATER = "2026-01-02T00:00:00.000+00:00"


def test_a_rollout_is_read_back_equal(rollout_of, side_of):
    """With its story, and what the default version did."""
    rollout = rollout_of(sticky="X-User-Id").advanced({"seconds": 1}, "all well", reference=side_of(7), now=LATER)
    read = Rollout.of(json.loads(json.dumps(rollout.document)))
    assert read == rollout
    assert read.reference.requests == 7
    assert [event.event for event in read.story] == ["begun", "step"]


def test_a_document_of_a_later_release_is_read(rollout_of):
    """What is unknown is passed over."""
    assert Rollout.of({**rollout_of().document, "later": 1}).state == RUNNING


@pytest.mark.parametrize(
    "change",
    [{"step": 3}, {"step": -1}, {"step": "0"}, {"state": "well"}, {"candidate": 0}, {"model": "../x"}, {"alpha": 1},
     {"plan": {}}, {"plan": 3}, {"story": [{}]}, {"story": 1}, {"reference": 3},
     {"alpha": "x"}, {"alpha": None}, {"model": 5}, {"model": None}, {"story": []}, {"step_started_at": "soon"},
     {"created_at": 5}, {"ended_at": "x"}, {"id": "../x"}, {"id": 3}, {"stage": 0}, {"stage": 1.5}, {"by": None},
     {"story": [{"event": "begun", "at": 5, "step": 0, "reason": ""}]},
     {"story": [{"event": "begun", "at": AT, "step": 9, "reason": ""}]},
     {"story": [{"event": "begun", "at": AT, "step": 0, "reason": "", "figures": 3}]}],
)  # fmt: skip
def test_a_damaged_document_is_one_error(rollout_of, change):
    """Nothing is routed by it."""
    with pytest.raises(ValueError, match="no rollout"):
        Rollout.of({**rollout_of().document, **change})


def test_a_resumed_rollout_begins_its_step_again(rollout_of):
    """Its figures are new ones: what paused it does not pause it again."""
    paused = rollout_of().moved(PAUSED, "by anna", now=AT)
    assert (paused.stage, paused.shadow_percent, paused.ended_at) == (1, 100.0, None)
    resumed = paused.moved(RUNNING, "by anna", now=LATER)
    assert (resumed.stage, resumed.step, resumed.step_started_at) == (2, 0, LATER)
    ended = resumed.moved(STOPPED, "by anna", now=LATER)
    assert (ended.ended_at, ended.shadow_percent, ended.canary_percent) == (LATER, 0.0, 0.0)


def test_a_story_does_not_grow_for_ever(rollout_of):
    """Its beginning and its end are kept."""
    rollout = rollout_of()
    for turn in range(MOST_EVENTS + 10):
        rollout = rollout.moved((PAUSED, RUNNING)[turn % 2], str(turn), now=AT)
    assert len(rollout.story) == MOST_EVENTS
    assert (rollout.story[0].event, rollout.story[-1].reason) == ("begun", str(MOST_EVENTS + 9))
