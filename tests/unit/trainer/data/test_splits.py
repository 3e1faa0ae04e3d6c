import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.errors import DataError
from models.sources.class_labels import Labels
from trainer.data.splits import split_rows


def labels_of(*counts: int) -> Labels:
    values = np.repeat(np.arange(len(counts)), counts)
    return Labels(values, tuple(f"c{index}" for index in range(len(counts))))


@given(
    counts=st.lists(st.integers(3, 60), min_size=2, max_size=6),
    validation=st.sampled_from([0.0, 0.1, 0.15, 0.3]),
    test=st.sampled_from([0.1, 0.15, 0.3]),
    seed=st.integers(0, 99),
)
@example(counts=[3, 4, 6], validation=0.15, test=0.3, seed=1)  # both rows of the first class were drawn for validation
def test_every_row_is_in_exactly_one_part(counts, validation, test, seed) -> None:
    """Whatever the sizes and shares are."""
    labels = labels_of(*counts)
    split = split_rows(labels, validation=validation, test=test, seed=seed)
    together = np.concatenate([split.train, split.validation, split.test])
    assert sorted(together.tolist()) == list(range(sum(counts)))
    assert set(labels.values[split.train]) == set(range(len(counts)))


def test_classes_keep_their_shares() -> None:
    """A rare class is in every part."""
    labels = labels_of(80, 20)
    split = split_rows(labels, validation=0.1, test=0.2, seed=7)
    assert [np.bincount(labels.values[rows]).tolist() for rows in (split.train, split.validation, split.test)] == [
        [56, 14],
        [8, 2],
        [16, 4],
    ]


def test_one_seed_is_one_split() -> None:
    """And another seed another one."""
    labels = labels_of(30, 30)
    splits = [split_rows(labels, validation=0.1, test=0.1, seed=seed) for seed in (1, 1, 2)]
    assert splits[0].test.tolist() == splits[1].test.tolist()
    assert splits[0].test.tolist() != splits[2].test.tolist()


def test_a_class_too_small_to_split_is_named() -> None:
    """With how many rows it needs."""
    with pytest.raises(DataError, match=r"class 'c1': expected at least 3 rows of each class.*received 2"):
        split_rows(labels_of(30, 2), validation=0.1, test=0.1, seed=7)


def test_shares_that_leave_nothing_are_refused() -> None:
    """Training needs rows of every class."""
    with pytest.raises(DataError, match="leave rows of every class to train on"):
        split_rows(labels_of(3, 3), validation=0.45, test=0.5, seed=7)


def test_regression_is_split_without_classes() -> None:
    """Numbers have no strata."""
    split = split_rows(Labels(np.linspace(0, 1, 20).reshape(-1, 1)), validation=0.1, test=0.2, seed=7)
    assert [len(split.train), len(split.validation), len(split.test)] == [14, 2, 4]
