import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.statistics.bins import CategoryBins, NumberBins

NUMBERS = st.lists(st.floats(-1e6, 1e6, width=32) | st.just(float("nan")), min_size=1, max_size=60)
WORDS = st.lists(st.sampled_from(["a", "b", "c", "d", None]), min_size=1, max_size=60)


@given(NUMBERS)
def test_training_numbers_are_counted_live_as_in_training(values) -> None:
    """Every row is in one bin or missing, and none is out of range."""
    column = np.array(values, np.float32)
    bins = NumberBins.of("x", column)
    live = bins.read(bins.count(column))
    assert tuple(live.binned.tolist()) == bins.counts
    assert (live.missing, live.below, live.above, live.rows) == (bins.missing, 0, 0, len(values))


@given(NUMBERS, NUMBERS)
def test_each_live_number_is_counted_once(values, live) -> None:
    """Also beyond the range, in the outermost bins."""
    bins = NumberBins.of("x", np.array(values))
    found = bins.read(bins.count(np.array(live)))
    assert found.rows == len(live)
    assert (found.binned >= 0).all()


@given(WORDS, WORDS)
def test_each_category_is_counted_once(values, live) -> None:
    """Unseen ones are told apart, and counted among the others."""
    bins = CategoryBins.of("x", values)
    assert tuple(bins.read(bins.count(values)).binned.tolist()) == bins.counts
    found = bins.read(bins.count(live))
    assert found.rows == len(live)
    assert found.unseen == sum(one is not None and one not in values for one in live)


def test_deciles_have_a_tenth_each() -> None:
    """Of values that all differ."""
    bins = NumberBins.of("x", np.random.default_rng(0).normal(size=1000))
    assert bins.counts == (100,) * 10
    assert len(bins.labels) == 10


@pytest.mark.parametrize(
    ("values", "edges"),
    [([0] * 6 + [1] * 4, (0.0,)), ([3.0] * 9, ()), ([0] * 95 + [1, 2, 3, 4, 5], (0.0,)), ([], ())],
)
def test_equal_values_share_a_bin(values, edges) -> None:
    """No bin is empty in training."""
    bins = NumberBins.of("x", np.array(values, np.float32))
    assert bins.edges == edges
    assert all(bins.counts) or not values


def test_out_of_range_is_counted_beside_the_bins() -> None:
    """Below and above what training has seen."""
    bins = NumberBins.of("x", np.arange(10.0))
    found = bins.read(bins.count(np.array([-1, 0, 9, 9.5, 10], np.float32)))
    assert (found.below, found.above, found.rows) == (1, 2, 5)


def test_rare_categories_share_a_bin_and_are_still_known() -> None:
    """Twenty have their own."""
    bins = CategoryBins.of("x", [str(number) for number in range(30) for _ in range(2 if number < 20 else 1)])
    assert (len(bins.categories), bins.counts[-1], bins.singles) == (20, 10, 10)
    found = bins.read(bins.count(["29", "30", None]))
    assert (found.binned[-1], found.unseen, found.missing) == (2, 1, 1)
