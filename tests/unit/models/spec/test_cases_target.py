"""`target: {standardize: true}`: where it may stand, and for which networks."""

from typing import Any

import pytest

from models.errors import SpecError
from models.spec import Spec, load_spec
from models.spec.head import find_head

LINEAR = [{"Dense": {"units": 1}}]


def spec(target: Any = None, top: Any = None, loss: str = "mean_squared_error", layers: Any = LINEAR) -> Spec:
    document: dict[str, Any] = {"model": "m", "data": {"source": "t.csv"}, "layers": layers, "compile": {"loss": loss}}
    document["data"] |= {} if target is None else {"target": target}
    return load_spec(document | ({} if top is None else {"target": top}))


@pytest.mark.parametrize(
    ("target", "top"),
    [
        ("price", {"standardize": True}),
        ({"name": "price", "standardize": True}, None),
        ({"name": "price", "standardize": True}, {"standardize": True}),
        ({"name": "price"}, {"standardize": True}),
    ],
)
def test_a_standardized_target_may_be_written_at_the_top_or_in_data(target: Any, top: Any) -> None:
    """Both mean the same, and the spec that is kept says it at the top."""
    made = spec(target, top)
    assert made.standardizes_target
    assert made.document["data"]["target"] == "price"
    assert made.document["target"] == {"standardize": True}
    assert load_spec(made.document) == made


@pytest.mark.parametrize(("target", "top"), [(None, None), ("price", {}), ("price", {"standardize": False})])
def test_a_target_is_not_standardized_by_default(target: Any, top: Any) -> None:
    """Specs from before it mean what they meant."""
    assert not spec(target, top).standardizes_target
    assert "target" not in spec("price").document


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"target": {"name": "p", "standardise": True}}, r"data.target.standardise: .*did you mean standardize"),
        ({"target": {"name": "p", "standardize": "yes"}}, "data.target.standardize: expected true or false"),
        ({"target": {"name": 3}}, "data.target: expected text; received 3"),
        ({"top": {"scale": True}}, "target.scale: expected one of the keys standardize"),
        ({"top": "price"}, "target: expected a mapping with the keys standardize"),
        ({"target": {"standardize": True}, "top": {"standardize": False}}, "expected the same as `target.standardize`"),
        ({"top": {"standardize": True}, "loss": "mean_squared_logarithmic_error"}, "compile.loss: expected a loss for"),
        (
            {"top": {"standardize": True}, "loss": "binary_crossentropy",
             "layers": [{"Dense": {"units": 1, "activation": "sigmoid"}}]},
            "target.standardize: expected false for classes",
        ),
    ],
)  # fmt: skip
def test_a_target_that_cannot_be_standardized_is_refused_with_its_path(changes: dict[str, Any], message: str) -> None:
    """Where it stands, and what was expected."""
    with pytest.raises(SpecError, match=message):
        spec(**changes)


def test_rescaled_outputs_are_numbers() -> None:
    """Whatever activation comes before."""
    layers = load_spec({
        "model": "m", "data": {"source": "t.csv"}, "compile": {"loss": "mean_squared_error"},
        "layers": [{"Dense": {"units": 1, "activation": "sigmoid"}}, {"Rescaling": {"scale": 10.0}}],
    }).layers  # fmt: skip
    head = find_head(layers)
    assert head is not None
    assert head.task == "regression"
