import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support

from trainer.evaluation import class_scores, confusion_matrix


def test_the_confusion_matrix_has_true_classes_as_rows() -> None:
    """And predicted ones as columns."""
    assert confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 3).tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 0]]


def test_scores_agree_with_scikit_learn() -> None:
    """Precision, recall, F1 and support of each class."""
    rng = np.random.default_rng(1)
    true, predicted = rng.integers(0, 4, 200), rng.integers(0, 4, 200)
    scores = class_scores(confusion_matrix(true, predicted, 4), ("a", "b", "c", "d"))
    expected = precision_recall_fscore_support(true, predicted)
    ours = [[getattr(score, field) for score in scores] for field in ("precision", "recall", "f1", "support")]
    assert np.allclose(ours, expected)


def test_a_class_that_nobody_predicts_scores_zero() -> None:
    """Instead of dividing by zero."""
    score = class_scores(np.array([[3, 0], [2, 0]]), ("a", "b"))[1]
    assert (score.precision, score.recall, score.f1, score.support) == (0, 0, 0, 2)
    assert class_scores(np.array([[3, 0], [2, 0]]), ("a", "b"))[0].precision == pytest.approx(0.6)
