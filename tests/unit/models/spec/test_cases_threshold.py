"""`threshold` in a spec: where it means something, and how many numbers it is."""

import pytest

from models.errors import SpecError
from models.spec import load_spec


def spec_of(units: int, activation: str, threshold: object, loss: str = "binary_crossentropy"):
    return load_spec({
        "model": "a", "data": {"source": "a.npz"}, "layers": [{"Dense": {"units": units, "activation": activation}}],
        "compile": {"loss": loss}, "threshold": threshold,
    })  # fmt: skip


@pytest.mark.parametrize(
    ("units", "threshold", "kept"), [(1, 0.3, 0.3), (3, 0.3, 0.3), (3, [0.3, 0.5, 0.2], (0.3, 0.5, 0.2))]
)
def test_a_threshold_is_a_number_or_one_for_each_label(units, threshold, kept) -> None:
    """And comes back from the document of the spec."""
    spec = spec_of(units, "sigmoid", threshold)
    assert spec.threshold == kept
    assert load_spec(spec.document) == spec
    assert spec_of(units, "sigmoid", None).threshold is None


@pytest.mark.parametrize(
    ("units", "activation", "loss", "threshold", "said"),
    [
        (3, "softmax", "categorical_crossentropy", 0.3, "threshold: expected none with a softmax head"),
        (1, "linear", "mse", 0.3, "threshold: expected none with a regression head, as numbers are predicted"),
        (1, "sigmoid", "binary_crossentropy", [0.3], "threshold: expected one number; received [0.3]"),
        (3, "sigmoid", "binary_crossentropy", [0.3, 0.2], "threshold: expected one number, or 3, one for each label"),
        (1, "sigmoid", "binary_crossentropy", 1.5, "threshold: expected"),
        (1, "sigmoid", "binary_crossentropy", 0, "threshold: expected"),
        (3, "sigmoid", "binary_crossentropy", [0.3, 0.2, 2], "threshold"),
        (1, "sigmoid", "binary_crossentropy", "high", "threshold: expected"),
    ],
)
def test_another_threshold_is_refused_by_its_path(units, activation, loss, threshold, said) -> None:
    """At submission."""
    with pytest.raises(SpecError) as caught:
        spec_of(units, activation, threshold, loss)
    assert said in str(caught.value)
