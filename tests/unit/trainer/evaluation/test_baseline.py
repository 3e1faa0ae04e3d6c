import numpy as np
import pytest

from trainer.data.preparation import prepare
from trainer.evaluation.baseline import compare, find_warnings


@pytest.fixture
def prepared(data_root, make_spec):
    """Prepare targets for a last layer."""

    def make(targets, last, loss, **data):
        rng = np.random.default_rng(3)
        features = (
            rng.normal(size=(len(targets), 4))
            + 3 * np.eye(4)[np.asarray(targets).astype(int).ravel()[: len(targets)] % 4]
        )
        np.savez(data_root / "own.npz", x=features.astype(np.float32), y=targets)
        spec = make_spec(
            data={"source": "own.npz", **data}, layers=[{"Dense": last}], compile={"loss": loss, "metrics": []}
        )
        return prepare(spec, roots=(str(data_root),))

    return make


UNEVEN = np.repeat([0, 1, 2], [70, 20, 10])
SOFTMAX = ({"units": 3, "activation": "softmax"}, "categorical_crossentropy")


def test_an_always_majority_network_is_told(prepared) -> None:
    """It is as good as no network, and classes are never found."""
    some = prepared(UNEVEN, *SOFTMAX)
    predictions = np.tile(np.float32([0.8, 0.1, 0.1]), (some.test.rows, 1))
    found = compare(some, predictions, is_weighted=False)
    share = float((some.test.labels.values == 0).mean())
    assert (found.metric, found.answer, found.model, found.majority) == ("accuracy", "0", share, share)
    assert found.linear is not None
    assert found.linear.method == "logistic regression"
    assert found.linear.value > 0.85
    majority, missed = find_warnings(found, {"0": (1.0, 14), "1": (0.0, 4), "2": (0.0, 2)})
    assert majority.startswith(f"not better than the majority class 0: test accuracy {share:.4f}")
    assert missed == "never predicted rightly (recall 0): 1 (4 rows), 2 (2 rows)"


def test_a_good_network_gets_no_warning(prepared) -> None:
    """A class without held-out rows has no recall that means something."""
    some = prepared(UNEVEN, *SOFTMAX)
    found = compare(some, np.eye(3, dtype=np.float32)[some.test.labels.values], is_weighted=False)
    assert found.model == 1.0
    assert find_warnings(found, {"0": (1.0, 14), "1": (0.0, 0)}) == ()


def test_weighted_classes_count_alike(prepared) -> None:
    """Else a network that finds rare classes would be told to be worse than none."""
    some = prepared(UNEVEN, *SOFTMAX)
    always_last = np.tile(np.float32([0.1, 0.1, 0.8]), (some.test.rows, 1))
    found = compare(some, always_last, is_weighted=True)
    assert (found.metric, found.model, found.majority) == (
        "balanced_accuracy",
        pytest.approx(1 / 3),
        pytest.approx(1 / 3),
    )
    assert not found.is_beaten


def test_a_regression_is_compared_with_the_mean(prepared) -> None:
    """And with a ridge regression."""
    some = prepared(np.arange(60) % 4 + 0.5, {"units": 1}, "mse")
    labels = some.test.labels.values
    found = compare(some, labels.astype(np.float32), is_weighted=False)
    assert (found.metric, found.model, found.answer) == ("mean_squared_error", 0.0, None)
    assert found.linear is not None
    assert found.linear.value < found.majority
    worse = compare(some, labels + 10, is_weighted=False)
    (told,) = find_warnings(worse, {})
    assert told.startswith("not better than always the same answer: test mean_squared_error 100.0000")


@pytest.mark.parametrize("units", [1, 2])
def test_one_sigmoid_unit_and_several_are_compared(prepared, units) -> None:
    """Two classes; labels of which several may be true."""
    rows = np.arange(60)
    targets = rows % 2 if units == 1 else np.column_stack([rows % 2, rows % 3 == 0]).astype(int)
    some = prepared(targets, {"units": units, "activation": "sigmoid"}, "binary_crossentropy")
    right = some.test.labels.values.reshape(some.test.rows, -1).astype(np.float32)
    found = compare(some, right, is_weighted=False)
    assert (found.metric, found.model) == ("accuracy" if units == 1 else "binary_accuracy", 1.0)
    assert found.is_beaten
    assert (found.linear is None) == (units == 2)


def test_a_linear_model_that_would_take_long_is_left_out(prepared, monkeypatch) -> None:
    """Rows times features times classes are bounded."""
    monkeypatch.setattr("trainer.evaluation.baseline.MOST_WORK", 100)
    some = prepared(UNEVEN, *SOFTMAX)
    found = compare(some, np.eye(3, dtype=np.float32)[some.test.labels.values], is_weighted=False)
    assert found.linear is None
