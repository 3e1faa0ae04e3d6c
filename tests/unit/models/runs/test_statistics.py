"""Against what statsmodels 0.15 prints, and against scipy."""

import numpy as np
import pytest
from scipy import stats

from models.runs.statistics import holm, mcnemar, mean_interval, wilson_interval

STATSMODELS = {
    (6, 16): 0.052478790283203125,
    (5, 5): 1.0,
    (0, 7): 0.015625,
    (59, 6): 4.964650327128616e-12,
    (150, 86): 3.7159361395713866e-05,
    (121, 59): 4.4344492637551645e-06,
    (12_000, 12_500): 0.0014321425048026506,
    (499_000, 501_000): 0.0456082998653896,
}
"""`mcnemar([[101, b], [c, 33]]).pvalue`, of (b, c)."""


@pytest.mark.parametrize("cells", STATSMODELS)
def test_mcnemar_is_that_of_statsmodels(cells: tuple[int, int]) -> None:
    """Its default, the exact test."""
    assert mcnemar(*cells) == pytest.approx(STATSMODELS[cells], rel=1e-7)
    assert mcnemar(*cells) == mcnemar(*reversed(cells))


@pytest.mark.parametrize("cells", [(0, 1), (1, 2), (24, 25), (400, 520), (12_000, 12_500), (499_000, 501_000)])
def test_mcnemar_is_the_binomial_test(cells: tuple[int, int]) -> None:
    """However many rows there are."""
    expected = stats.binomtest(min(cells), sum(cells), 0.5).pvalue
    assert mcnemar(*cells) == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize(("hits", "rows"), [(0, 10), (10, 10), (81, 263), (997, 1000)])
def test_a_share_has_wilsons_interval(hits: int, rows: int) -> None:
    """Inside 0 and 1, also of none and of all."""
    expected = stats.binomtest(hits, rows).proportion_ci(0.95, method="wilson")
    assert wilson_interval(hits, rows) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_the_interval_of_a_mean_covers_it_in_19_of_20_samples() -> None:
    """Of 2000 samples of 200 values each; of no rows nothing is known, of one the value itself."""
    samples = np.random.default_rng(7).exponential(size=(2000, 200))
    bounds = np.array([mean_interval(sample) for sample in samples])
    covered = ((bounds[:, 0] <= 1) & (bounds[:, 1] >= 1)).mean()
    assert 0.92 <= covered <= 0.98
    assert mean_interval(np.array([3.0])) == (3.0, 3.0)
    assert wilson_interval(0, 0) == (0.0, 1.0)


def test_several_tests_are_corrected_by_holms_method() -> None:
    """As statsmodels' `multipletests(method="holm")`."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []
    assert mcnemar(0, 0) == 1.0
