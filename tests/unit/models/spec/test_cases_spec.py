"""Specs as people bring them from Keras: accepted where Keras means one thing, else refused with the way on."""

from typing import Any

import pytest

from models.errors import SpecError
from models.spec import load_spec


def spec_of(layers: list[Any], loss: Any, **more: Any):
    """A spec with these layers and this loss."""
    return load_spec({"model": "m", "data": {"source": "data.csv"}, "layers": layers,
                      "compile": {"loss": loss, **more.pop("compile", {})}, **more})  # fmt: skip


def problems_of(*arguments: Any, **more: Any) -> list[str]:
    """What is wrong with it, as `path: message`."""
    with pytest.raises(SpecError) as caught:
        spec_of(*arguments, **more)
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("last", "loss", "found"),
    [
        (
            {"units": 3, "activation": "softmax"},
            {"SparseCategoricalCrossentropy": {"from_logits": True}},
            "compile.loss.from_logits: expected false, as the last layer has the activation softmax",
        ),
        ({"units": 3}, "sparse_categorical_crossentropy", "`activation: softmax` on the last layer, or `from_logits"),
        ({"units": 1}, "binary_crossentropy", "`activation: sigmoid` on the last layer, or `from_logits: true`"),
        ({"units": 1}, {"SparseCategoricalCrossentropy": {"from_logits": True}}, "2 or more units with softmax"),
    ],
)
def test_a_loss_of_logits_that_does_not_fit_is_named(last, loss, found) -> None:
    """Activation and from_logits together, or neither."""
    (problem,) = problems_of([{"Dense": last}], loss)
    assert found in problem


def test_a_metric_of_logits_wants_a_loss_of_logits() -> None:
    """The network gives probabilities: it would be measured wrong."""
    metrics = [{"CategoricalCrossentropy": {"from_logits": True}}]
    layers = [{"Dense": {"units": 3, "activation": "softmax"}}]
    (problem,) = problems_of(layers, "categorical_crossentropy", compile={"metrics": metrics})
    assert problem.startswith("compile.metrics.0.CategoricalCrossentropy.from_logits: expected false")
