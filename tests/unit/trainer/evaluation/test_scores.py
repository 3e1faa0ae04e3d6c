import numpy as np
import pytest

from trainer.evaluation.scores import calibration, cell_rows, mistakes, roc_auc


def test_equal_scores_count_half() -> None:
    """A constant tells nothing."""
    assert roc_auc(np.array([True, False, True]), np.ones(3)) == 0.5
    assert roc_auc(np.array([True, False]), np.array([0.9, 0.1])) == 1.0


def test_one_kind_of_rows_has_no_area() -> None:
    """Instead of a number that means nothing."""
    assert roc_auc(np.array([True, True]), np.array([0.1, 0.2])) is None


def test_scores_that_are_not_finite_have_no_area() -> None:
    """The comparison with the exported graph says what is wrong."""
    assert roc_auc(np.array([True, False]), np.array([np.nan, 0.2])) is None


def test_calibration_is_the_gap_between_confidence_and_accuracy() -> None:
    """Rows weigh the bins; an empty bin has no means."""
    found = calibration(np.array([0.95, 0.95, 0.55, 0.55]), np.array([True, True, True, False]))
    assert found.ece == pytest.approx((2 * 0.05 + 2 * 0.05) / 4)
    assert [one.rows for one in found.bins] == [0, 0, 0, 0, 0, 2, 0, 0, 0, 2]
    assert (found.bins[9].lower, found.bins[9].upper, found.bins[9].accuracy) == (0.9, 1.0, 1.0)
    assert found.bins[0].accuracy is None


def test_bounds_belong_to_the_lower_bin() -> None:
    """0 and 1 are inside."""
    assert [one.rows for one in calibration(np.array([0.0, 0.1, 1.0]), np.ones(3, bool)).bins] == [2, *[0] * 8, 1]


def test_the_surest_mistake_comes_first() -> None:
    """With its row, classes and probability."""
    found = mistakes(np.array([0, 1, 1]), np.array([1, 1, 0]), np.array([0.6, 0.9, 0.8]), ("a", "b"))
    assert [(one.row, one.true, one.predicted, one.probability) for one in found] == [
        (2, "b", "a", 0.8),
        (0, "a", "b", 0.6),
    ]


def test_each_cell_of_the_confusion_matrix_has_rows() -> None:
    """Mistakes before what is right, each cell once before any twice; the surest mistake, the least sure right row."""
    true, predicted = np.array([0, 0, 0, 0, 0, 0, 1, 1]), np.array([0, 0, 0, 0, 0, 1, 1, 0])
    sure = np.array([0.9, 0.6, 0.8, 0.7, 0.95, 0.55, 0.65, 0.99])
    found = cell_rows(true, predicted, sure, ("a", "b"))
    assert [row.row for row in found] == [5, 7, 1, 6, 3, 2, 0]
    assert [(row.true, row.predicted) for row in found[:4]] == [("a", "b"), ("b", "a"), ("a", "a"), ("b", "b")]
