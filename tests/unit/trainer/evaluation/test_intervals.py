import base64

import numpy as np
import pytest
from keras import losses

from models.sources.class_labels import Labels
from models.spec.head import MULTILABEL, REGRESSION, SIGMOID, SOFTMAX
from trainer.data.head import Head
from trainer.evaluation.evaluate import Evaluation
from trainer.evaluation.evaluation_facts import packed_bits
from trainer.evaluation.intervals import metric_intervals

ROWS = 400
RNG = np.random.default_rng(3)


def evaluation(predictions: np.ndarray, **metrics: float) -> Evaluation:
    return Evaluation({"test": metrics}, predictions.astype(np.float32), None, ())


def test_of_classes_accuracy_and_loss_have_intervals() -> None:
    """Wilson's for the share of rows; around the mean for the cross-entropy, as Keras computes it."""
    labels = Labels(RNG.integers(0, 3, ROWS), ("a", "b", "c"))
    predictions = RNG.dirichlet(np.ones(3), ROWS)
    accuracy = float((predictions.argmax(axis=1) == labels.values).mean())
    loss = float(np.mean(losses.sparse_categorical_crossentropy(labels.values, predictions)))
    found = metric_intervals(
        Head(SOFTMAX, 3), labels, evaluation(predictions, accuracy=accuracy, loss=loss, f1_score=accuracy)
    )
    assert set(found) == {"accuracy", "loss"}
    for name, value in (("accuracy", accuracy), ("loss", loss)):
        low, high = found[name]
        assert low < value < high


def test_a_metric_that_rows_do_not_tell_has_none() -> None:
    """As a loss with weights or penalties: its value is not the mean over rows."""
    labels = Labels(RNG.integers(0, 2, ROWS), ("no", "yes"))
    predictions = RNG.random((ROWS, 1))
    assert metric_intervals(Head(SIGMOID, 1), labels, evaluation(predictions, loss=9.0, accuracy=0.01)) == {}


@pytest.mark.parametrize(("metric", "power"), [("mean_squared_error", 2), ("mae", 1)])
def test_of_a_regression_errors_and_loss_have_intervals(metric: str, power: int) -> None:
    """The loss is whichever of the two has its value."""
    values = RNG.normal(size=(ROWS, 1)).astype(np.float32)
    predictions = values + RNG.normal(size=(ROWS, 1))
    value = float((np.abs(predictions - values) ** power).mean())
    found = metric_intervals(
        Head(REGRESSION, 1), Labels(values), evaluation(predictions, **{metric: value, "loss": value})
    )
    assert found[metric] == found["loss"]
    assert found["loss"][0] < value < found["loss"][1]


def test_of_several_labels_the_share_of_right_labels_has_one() -> None:
    """A row counts as the share of its labels."""
    hits = (RNG.random((ROWS, 4)) > 0.5).astype(np.float32)
    predictions = RNG.random((ROWS, 4))
    value = float(((predictions > 0.5) == (hits > 0.5)).mean())
    found = metric_intervals(
        Head(MULTILABEL, 4, exclusive=False),
        Labels(hits, tuple("abcd")),
        evaluation(predictions, binary_accuracy=value),
    )
    assert found["binary_accuracy"][0] < value < found["binary_accuracy"][1]


def test_right_rows_are_one_bit_each() -> None:
    """The first row in the highest bit; nothing where there are none, or very many."""
    assert packed_bits(np.array([True, False, True] + [False] * 6 + [True])) == base64.b64encode(b"\xa0\x40").decode()
    assert packed_bits(None) is None
    assert packed_bits(np.ones(10**6 + 1, dtype=bool)) is None
