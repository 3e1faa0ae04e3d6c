import math

import numpy as np
import pytest
from scipy.special import betaln

from models.rollout.confidence import mean_bounds, quantile_bounds_s
from models.rollout.latency_bins import BINS, bin_of


def log_mixture(total, count, mean):
    """As the module's formula says, term by term."""
    one, other = 50 * mean, 50 * (1 - mean)
    mixed = betaln(total + one, count - total + other) - betaln(one, other)
    return mixed - total * math.log(mean) - (count - total) * math.log(1 - mean)


def bounds_of_each(sums, count):
    return np.array([mean_bounds(one, count, 0.05) for one in sums]).T


@pytest.mark.parametrize("alpha", [0.05, 1e-4])
@pytest.mark.parametrize(("total", "count"), [(3, 7), (5, 1000), (995, 1000), (2.4, 50), (5e4, 1e5)])
def test_a_bound_is_where_the_mixture_reaches_its_limit(total, count, alpha):
    """On both sides of the mean; within them the mixture is lower."""
    lower, upper = mean_bounds(total, count, alpha)
    assert lower < total / count < upper
    for bound in (lower, upper):
        assert log_mixture(total, count, bound) == pytest.approx(-math.log(alpha), rel=1e-6)


@pytest.mark.parametrize(("total", "count"), [(1, 3), (3, 40), (0.4, 50), (60, 1000), (5000, 1e5)])
def test_what_is_beyond_a_bound_is_beyond_the_limit(total, count):
    """All means outside, none inside: the means that are not excluded are an interval."""
    lower, upper = mean_bounds(total, count, 1e-3)
    means = np.linspace(1e-4, 1 - 1e-4, 2001)
    is_excluded = np.array([log_mixture(total, count, one) >= -math.log(1e-3) for one in means])
    assert (is_excluded == ((means <= lower) | (means >= upper))).all()


def test_bounds_at_the_edges():
    """Without values everything is possible; without ones zero is, without zeros one is."""
    assert mean_bounds(0, 0, 0.01) == (0.0, 1.0)
    assert mean_bounds(1, 500, 0.001)[0] == 0.0  # one may be chance, whatever the mean
    assert mean_bounds(0, 500, 0.001)[0] == 0.0 < mean_bounds(0, 500, 0.001)[1] < 0.03
    assert mean_bounds(500, 500, 0.001)[1] == 1.0


@pytest.mark.parametrize("mean", [0.01, 0.5])
def test_the_truth_is_missed_at_any_time_as_rarely_as_promised(mean):
    """300 sequences, looked at after every tenth of 600 values: at most 5 % are ever wrong at alpha 0.05."""
    random = np.random.default_rng(7)
    sums = np.cumsum(random.random((300, 600)) < mean, axis=1)
    is_missed = np.zeros(300, bool)
    for count in range(1, 601, 10):
        lower, upper = bounds_of_each(sums[:, count - 1], count)
        is_missed |= (mean < lower) | (mean > upper)
    assert 0 < is_missed.mean() <= 0.05


def test_shares_of_requests_are_bounded_too():
    """Values between 0 and 1, not only those: the mixture is a supermartingale for them."""
    random = np.random.default_rng(8)
    sums = np.cumsum(random.beta(0.3, 0.3, (200, 400)), axis=1)
    is_missed = np.zeros(200, bool)
    for count in range(1, 401, 10):
        lower, upper = bounds_of_each(sums[:, count - 1], count)
        is_missed |= (lower > 0.5) | (upper < 0.5)
    assert is_missed.mean() <= 0.05


def test_a_quantile_is_within_its_bounds():
    """They close in as latencies come, and are open as long as there are too few."""
    random = np.random.default_rng(9)
    true_p99 = math.exp(-6 + 0.3 * 2.3263)
    counts = np.zeros(BINS, np.int64)
    widths = []
    for _ in range(20):
        counts += np.bincount([bin_of(one) for one in random.lognormal(-6, 0.3, 1000)], minlength=BINS)
        lower, upper = quantile_bounds_s(counts, 0.99, 0.001)
        assert lower <= true_p99 <= upper
        widths.append(upper - lower)
    few = np.bincount([bin_of(one) for one in random.lognormal(-6, 0.3, 100)], minlength=BINS)
    assert quantile_bounds_s(few, 0.99, 0.001)[1] == math.inf
    assert widths[0] < math.inf
    assert widths[-1] < 0.2 * true_p99
    assert quantile_bounds_s(np.zeros(BINS, np.int64), 0.99, 0.001) == (0.0, math.inf)


def test_a_quantile_is_missed_as_rarely_as_promised():
    """100 sequences of 2000 latencies, looked at every 50: at most 5 % are ever wrong at alpha 0.05."""
    random = np.random.default_rng(10)
    true_p90 = -math.log(0.1)
    missed = 0
    for _ in range(100):
        values = np.array([bin_of(one) for one in random.exponential(1.0, 2000)])
        looks = (np.bincount(values[:count], minlength=BINS) for count in range(50, 2001, 50))
        bounds = [quantile_bounds_s(counts, 0.9, 0.05) for counts in looks]
        missed += any(not lower <= true_p90 <= upper for lower, upper in bounds)
    assert missed <= 5
