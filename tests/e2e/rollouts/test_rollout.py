"""A rollout with real services, a real queue's server and real versions: to its end, and back."""

from models.rollout.rollout import PROMOTED, PROMOTING, ROLLED_BACK
from models.rollout.rollout_store import RolloutStore
from tests.timing import promised_s

DONE_S = 90.0
WITHIN_S = promised_s(2)
"""From the verdict until no caller is answered by the candidate."""


def test_a_good_candidate_is_promoted_and_a_bad_one_rolled_back(
    serve, publish, store, callers, begin, current, wait_until
) -> None:
    """No request fails, no caller is sent back but by the end of a rollout, and the story is complete."""
    publish()
    publish(promote=False)
    publish("classic", "classic-b", promote=False)
    services = [serve(workers=2), serve()]
    crowd = callers(*services)
    rollout = begin(2, {"shadow": 100}, {"canary": 20}, {"canary": 100})
    wait_until(lambda: not current().is_under_way, what="the rollout ends", deadline_s=DONE_S)
    ended = current()
    assert ended.state == PROMOTED, ended.reason
    assert store.labels("classic") == {"stable": 2}
    assert [one.event for one in ended.story] == ["begun", "step", "step", PROMOTING, PROMOTED]
    assert RolloutStore(store, "classic").record(rollout.id).document == ended.document
    shadow, canary = ended.story[1].figures, ended.story[2].figures
    assert shadow["agreement"]["share"] == 1.0
    assert min(canary["candidate"]["rows"], canary["default"]["rows"]) > 0
    crowd.stop()
    assert crowd.failed == []
    assert crowd.went_back(1, 2) == []
    _check_the_bad_one(services, callers, begin, current, store, wait_until)


def _check_the_bad_one(services, callers, begin, current, store, wait_until) -> None:
    """A third version, which gives other classes: stopped by its drift, soon and everywhere."""
    crowd = callers(*services)
    begin(3, {"canary": 50}, {"canary": 100}, hold_s=30)
    wait_until(lambda: not current().is_under_way, what="the rollout ends", deadline_s=DONE_S)
    import time

    told_s = time.monotonic()
    wait_until(lambda: time.monotonic() > told_s + 2 * WITHIN_S, what="callers have asked again")
    crowd.stop()
    ended = current()
    assert ended.state == ROLLED_BACK, ended.reason
    assert "drift" in ended.reason
    assert store.labels("classic") == {"stable": 2}
    assert crowd.failed == []
    assert {one.version for one in crowd.all} == {2, 3}
    assert crowd.last_of(3) - told_s < WITHIN_S
