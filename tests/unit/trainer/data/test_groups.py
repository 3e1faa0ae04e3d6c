import numpy as np
import pytest

from models.errors import DataError
from models.sources.class_labels import Labels
from trainer.data.groups import group_numbers
from trainer.data.splits import fold_rows, split_rows

ROWS = 120
GROUPS = np.repeat(np.arange(30), 4)
CLASSES = Labels(np.arange(ROWS) % 3, ("a", "b", "c"))
NUMBERS = Labels(np.linspace(0, 1, ROWS, dtype=np.float32).reshape(-1, 1))


def row_name(row: int) -> str:
    return f"row {row + 1}"


def test_groups_are_numbered_as_they_come() -> None:
    """By text, numbers or dates alike."""
    assert group_numbers(["b", "a", "b"], where="x", row_name=row_name).tolist() == [0, 1, 0]
    assert group_numbers(np.array([7, 7, 5]), where="x", row_name=row_name).tolist() == [0, 0, 1]


@pytest.mark.parametrize("value", [None, "", float("nan"), [1]])
def test_a_row_without_a_group_is_named(value) -> None:
    """It could leak from one part into another."""
    with pytest.raises(DataError, match=r"column 'p', row 2: expected the group of every row"):
        group_numbers(["a", value], where="column 'p'", row_name=row_name)


@pytest.mark.parametrize("labels", [CLASSES, NUMBERS])
def test_a_split_keeps_groups_whole(labels) -> None:
    """Of about the sizes that were asked for, and the same for the same seed."""
    split = split_rows(labels, validation=0.2, test=0.2, seed=3, groups=GROUPS)
    parts = [split.train, split.validation, split.test]
    assert sorted(np.concatenate(parts).tolist()) == list(range(ROWS))
    assert [len(np.unique(GROUPS[part])) * 4 for part in parts] == [len(part) for part in parts]
    assert all(18 <= len(part) <= 32 for part in parts[1:])
    again = split_rows(labels, validation=0.2, test=0.2, seed=3, groups=GROUPS)
    assert np.array_equal(split.test, again.test)


def test_folds_are_stratified_and_cover_every_row_once() -> None:
    """Each class has its share in each; another seed cuts otherwise."""
    folds = fold_rows(CLASSES, folds=5, seed=1)
    assert sorted(np.concatenate(folds).tolist()) == list(range(ROWS))
    assert all(np.bincount(CLASSES.values[fold]).tolist() == [8, 8, 8] for fold in folds)
    assert not np.array_equal(folds[0], fold_rows(CLASSES, folds=5, seed=2)[0])


def test_folds_of_groups_keep_them_whole() -> None:
    """No group is in two folds."""
    folds = fold_rows(CLASSES, folds=5, seed=1, groups=GROUPS)
    assert sorted(np.concatenate([np.unique(GROUPS[fold]) for fold in folds]).tolist()) == list(range(30))


def test_too_few_groups_or_rows_are_told() -> None:
    """With what there is."""
    with pytest.raises(DataError, match="expected at least 5 groups; received 2"):
        fold_rows(CLASSES, folds=5, seed=1, groups=np.arange(ROWS) % 2)
    with pytest.raises(DataError, match="fewer of class 'b'"):
        fold_rows(Labels(np.array([0, 0, 0, 1]), ("a", "b")), folds=2, seed=1)
    with pytest.raises(DataError, match="expected at least 2 groups; received 1"):
        split_rows(CLASSES, validation=0.0, test=0.2, seed=1, groups=np.zeros(ROWS, np.int64))


def test_a_class_that_only_held_out_groups_have_is_named() -> None:
    """Nothing could be learned of it."""
    labels = Labels(np.array([0] * 8 + [1] * 8), ("a", "b"))
    with pytest.raises(DataError, match=r"groups that leave rows of class '[ab]' to train on"):
        split_rows(labels, validation=0.0, test=0.5, seed=1, groups=np.repeat([0, 1], 8))
