import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.statistics.divergence import chi_squared_limit, distance, js_distance, psi, rate_rises

COUNTS = st.lists(st.integers(0, 1000), min_size=2, max_size=12).filter(any)


@given(COUNTS)
def test_equal_shares_have_no_distance(counts) -> None:
    """However many rows there are."""
    few = np.array(counts)
    assert psi(few, 7 * few) == pytest.approx(0)
    assert js_distance(few, 7 * few) == pytest.approx(0, abs=1e-7)


@given(COUNTS, COUNTS)
def test_distances_are_symmetric_and_bounded(one, other) -> None:
    """Both ways the same; that of Jensen and Shannon is at most 1."""
    length = min(len(one), len(other))
    p, q = np.array(one[:length]), np.array(other[:length])
    if not p.sum() or not q.sum():
        assert distance(p, q, alpha=0.01) is None
        return
    assert psi(p, q) == pytest.approx(psi(q, p))
    assert psi(p, q) >= 0
    assert js_distance(p, q) == pytest.approx(js_distance(q, p))
    assert 0 <= js_distance(p, q) <= 1 + 1e-9


@pytest.mark.parametrize(
    ("degrees", "alpha", "limit"),
    [(1, 0.05, 3.8415), (2, 0.01, 9.2103), (9, 0.001, 27.877), (30, 0.01, 50.892), (0, 0.01, 0)],
)
def test_limits_are_those_of_chi_squared(degrees, alpha, limit) -> None:
    """As tables have them, within one in a hundred."""
    assert chi_squared_limit(degrees, alpha) == pytest.approx(limit, rel=0.01)


@pytest.mark.parametrize(("before", "now"), [(5000, 50), (5000, 200), (150, 150), (2000, 2000), (300, 50_000)])
def test_chance_exceeds_the_limits_as_rarely_as_asked(before, now) -> None:
    """Samples of one population of ten even bins."""
    rng = np.random.default_rng(before + now)
    pairs = zip(*(rng.multinomial(size, [0.1] * 10, size=1500) for size in (before, now)), strict=True)
    found = [distance(p, q, alpha=0.01) for p, q in pairs]
    assert 0.002 <= np.mean([one.psi > one.psi_limit for one in found]) <= 0.02
    assert np.mean([one.jensen_shannon > one.jensen_shannon_limit for one in found]) <= 0.02


def test_bins_that_are_too_small_are_taken_together() -> None:
    """A category that one row has makes no drift of a small window; a new one of many rows does."""
    before = np.array([500, 480, 10, 5, 5])
    assert distance(before, np.array([50, 48, 0, 2, 0]), alpha=0.01).beyond_chance == 0
    assert distance(before, np.array([30, 30, 0, 0, 40]), alpha=0.01).beyond_chance > 0.05


def test_a_rate_rises_only_beyond_chance() -> None:
    """Also where training has none of it: the largest of few rows is soon exceeded, that of many is not."""
    assert not rate_rises((0, 100), (3, 200), alpha=1e-4)
    assert rate_rises((0, 10_000), (3, 200), alpha=1e-4)
    assert rate_rises((50, 1000), (40, 200), alpha=1e-4)
    assert not rate_rises((50, 1000), (12, 200), alpha=1e-4)
    assert not rate_rises((0, 0), (10, 10), alpha=1e-4)
    assert rate_rises((0, 100), (100, 100), alpha=1e-4) == (100 * math.log(2) > math.log(1e4))
