import numpy as np
import pytest

from models.errors import SpecError
from models.sources.class_labels import Labels
from trainer.data.class_weights import row_weights

LABELS = Labels(np.array([0, 0, 0, 1]), ("common", "rare"))


def test_without_class_weights_all_rows_count_alike() -> None:
    """And fit gets none."""
    assert row_weights(None, LABELS) is None


def test_balanced_classes_count_alike_in_sum() -> None:
    """As scikit-learn balances."""
    weights = row_weights("balanced", LABELS)
    assert weights is not None
    assert np.allclose(weights, [2 / 3, 2 / 3, 2 / 3, 2])


def test_weights_are_named_by_class() -> None:
    """A class without one has 1."""
    weights = row_weights({"rare": 5.0}, LABELS)
    assert weights is not None
    assert weights.tolist() == [1, 1, 1, 5]


def test_an_unknown_class_is_named() -> None:
    """With those that there are."""
    with pytest.raises(SpecError, match=r"fit.class_weight.tiny: expected one of the classes common, rare"):
        row_weights({"tiny": 2.0}, LABELS)


def test_rows_of_several_classes_have_no_class_weight() -> None:
    """Keras would weigh them by their first class."""
    with pytest.raises(SpecError, match="targets that belong to one class each"):
        row_weights("balanced", Labels(np.ones((2, 2), np.float32), ("a", "b")))
