import keras
import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support, roc_auc_score

from models.sources.class_labels import Labels
from trainer.data.head import Head
from trainer.evaluation.evaluate import confusion_matrix, judge
from trainer.fit.stepper import evaluation_batch

NAMES = ("a", "b", "c", "d")


def random_case(rows: int = 200):
    rng = np.random.default_rng(1)
    scores = rng.random((rows, 4)).round(2)
    return Labels(rng.integers(0, 4, rows), NAMES), scores / scores.sum(axis=1, keepdims=True)


def test_the_confusion_matrix_has_true_classes_as_rows() -> None:
    """And predicted ones as columns."""
    assert confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 3).tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 0]]


def test_scores_agree_with_scikit_learn() -> None:
    """Precision, recall, F1, support and ROC-AUC of each class against all others."""
    labels, probabilities = random_case()
    scores = judge(Head("softmax", 4), labels, probabilities)["classes"]
    expected = precision_recall_fscore_support(labels.values, probabilities.argmax(axis=1))
    ours = [[getattr(score, field) for score in scores] for field in ("precision", "recall", "f1", "support")]
    assert np.allclose(ours, expected)
    areas = [roc_auc_score(labels.values == index, probabilities[:, index]) for index in range(4)]
    assert np.allclose([score.roc_auc for score in scores], areas)


def test_a_class_that_nobody_predicts_scores_zero() -> None:
    """Instead of dividing by zero."""
    labels = Labels(np.array([0, 0, 0, 1, 1]), ("a", "b"))
    first, second = judge(Head("softmax", 2), labels, np.tile([0.9, 0.1], (5, 1)))["classes"]
    assert (second.precision, second.recall, second.f1, second.support) == (0, 0, 0, 2)
    assert first.precision == pytest.approx(0.6)


def test_one_sigmoid_unit_has_two_classes() -> None:
    """The second is what the unit stands for."""
    labels = Labels(np.array([0, 1, 1]), ("no", "yes"))
    judged = judge(Head("sigmoid", 1), labels, np.array([[0.2], [0.9], [0.3]]))
    assert judged["confusion"].tolist() == [[1, 0], [1, 1]]
    assert [(one.row, one.true, one.predicted) for one in judged["mistakes"]] == [(2, "yes", "no")]
    assert judged["mistakes"][0].probability == pytest.approx(0.7)


def test_labels_that_go_together_are_scored_one_by_one() -> None:
    """Several classes in one row: no confusion matrix, all else."""
    labels = Labels(np.array([[1, 0], [1, 1], [0, 1]], np.float32), ("a", "b"))
    judged = judge(Head("multilabel", 2, exclusive=False), labels, np.array([[0.9, 0.2], [0.4, 0.8], [0.1, 0.7]]))
    assert judged["confusion"] is None
    assert [(one.precision, one.recall, one.support) for one in judged["classes"]] == [(1.0, 0.5, 2), (1.0, 1.0, 2)]
    assert judged["calibration"].ece == pytest.approx((2 * 0.1 + 2 * 0.2 + 0.6 + 0.3) / 6)


def test_numbers_have_no_classes() -> None:
    """Regression is judged by its metrics."""
    assert judge(Head("regression", 1), Labels(np.ones((2, 1))), np.ones((2, 1))) == {"confusion": None, "classes": ()}


def test_large_rows_are_evaluated_fewer_at_once() -> None:
    """As many as fit into 8 MiB of inputs, at most 1 024, at least one."""
    shapes = [(8,), (224, 224, 3), (2000, 2000, 3)]
    networks = [keras.Sequential([keras.Input(shape), keras.layers.Flatten()]) for shape in shapes]
    assert [evaluation_batch(network) for network in networks] == [1024, 13, 1]
