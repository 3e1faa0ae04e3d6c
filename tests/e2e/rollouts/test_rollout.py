"""A rollout with real services, a real queue's server and real versions: to its end, and back."""

import time

from models.rollout.rollout import PROMOTED, PROMOTING, ROLLED_BACK
from models.rollout.rollout_store import RolloutStore
from tests.timing import promised_s

WITHIN_S = promised_s(2)
"""From the verdict until no caller is answered by the candidate."""


def test_a_good_candidate_is_promoted_and_a_bad_one_rolled_back(serve, publish, callers, course) -> None:
    """No request fails, no caller is sent back but by the end of a rollout, and the story is complete."""
    publish()
    publish(promote=False)
    publish("classic", "classic-b", promote=False)
    services = [serve(workers=2), serve()]
    crowd = callers(*services)
    rollout = course.begin(2, {"shadow": 100}, {"canary": 20}, {"canary": 100})
    ended = course.end()
    crowd.stop()
    assert (ended.state, course.stable) == (PROMOTED, 2), ended.reason
    assert [one.event for one in ended.story] == ["begun", "step", "step", PROMOTING, PROMOTED]
    assert RolloutStore(course.store, "classic").record(rollout.id) == ended
    shadow, canary = ended.story[1].figures, ended.story[2].figures
    assert shadow["agreement"]["share"] == 1.0
    assert min(canary["candidate"]["rows"], canary["default"]["rows"]) > 0
    assert crowd.failed == []
    assert crowd.went_back(1, 2) == []
    _check_that_a_bad_one_is_stopped(callers(*services), course)
    shown = services[0].call("GET", "/v1/models/classic/rollout").json()
    assert (shown["state"], shown["frozen"]) == (ROLLED_BACK, None)


def _check_that_a_bad_one_is_stopped(crowd, course) -> None:
    """A third version, which gives other classes: stopped by its drift, soon and everywhere."""
    course.begin(3, {"canary": 50}, {"canary": 100}, hold_s=30)
    ended = course.end()
    told_s = time.monotonic()
    course.wait(lambda _: time.monotonic() > told_s + WITHIN_S + 1, what="callers have asked again")
    crowd.stop()
    assert (ended.state, course.stable) == (ROLLED_BACK, 2), ended.reason
    assert "drift" in ended.reason
    assert crowd.failed == []
    assert {one.version for one in crowd.all} == {2, 3}
    print(f"the candidate answered last {crowd.last_of(3) - told_s:.2f} s after the verdict")
    assert crowd.last_of(3) - told_s < WITHIN_S
