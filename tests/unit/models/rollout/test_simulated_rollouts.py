"""The short form of `make bench-rollout`: rollouts of simulated traffic, looked at every second."""

import pytest

from bench.rollouts import SHADOWED, UNSHADOWED, Traffic, bad, good
from models.rollout.rollout import PROMOTING, ROLLED_BACK

SHORT = {**SHADOWED, "hold_s": 5, "minimum_rows": 100}


@pytest.mark.parametrize("traffic", [Traffic(), Traffic(a_second=200, error_rate=0.1, swing=0.8)])
def test_the_default_version_against_itself_is_promoted(traffic):
    """With all five guards, also where many requests fail, and more at times."""
    assert {one.state for one in good(3, plan=SHORT, traffic=traffic)} == {PROMOTING}


def test_a_candidate_that_fails_more_often_is_stopped_early():
    """Five of a hundred more, before it answered 2 % of what its steps would give it."""
    ended = bad(10, plan=UNSHADOWED)
    assert {one.state for one, _ in ended} == {ROLLED_BACK}
    assert max(share for _, share in ended) < 0.02
    assert all("error_rate" in one.reason for one, _ in ended)
