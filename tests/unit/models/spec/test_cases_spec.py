"""Specs as people bring them from Keras: accepted where Keras means one thing, else refused with the way on."""

from typing import Any

import pytest

from models.errors import SpecError
from models.spec import load_spec


def spec_of(layers: list[Any], loss: Any, **more: Any):
    """A spec with these layers and this loss."""
    return load_spec({"model": "m", "data": more.pop("data", {"source": "data.csv"}), "layers": layers,
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


SOFTMAX = {"Dense": {"units": 3, "activation": "softmax"}}
CROSSENTROPY = "categorical_crossentropy"


@pytest.mark.parametrize(
    "first",
    [
        {"Input": {"shape": [4]}},
        {"Input": [4]},
        {"InputLayer": {"input_shape": [4]}},
        {"InputLayer": {"batch_shape": [None, 4], "dtype": "float32", "name": "in"}},
        {"Input": {"shape": [4], "batch_size": 32, "sparse": False}},
    ],
)
def test_an_input_first_among_the_layers_is_the_input_shape(first) -> None:
    """As every Sequential of Keras 3 begins."""
    spec = spec_of([first, SOFTMAX], CROSSENTROPY)
    assert (spec.input_shape, [layer.class_name for layer in spec.layers]) == ((4,), ["Dense"])


@pytest.mark.parametrize(
    ("layers", "more", "found"),
    [
        ([{"Input": {"shape": [4]}}, {"Dense": {"units": 0}}, SOFTMAX], {}, "layers.1.Dense.units: expected a whole"),
        ([{"Input": [4]}, {"Conv1D": {"filters": 2, "kernel_size": 2}}, "Flatten", SOFTMAX], {}, "layers.1.Conv1D"),
        ([{"Input": {"shape": [4]}}, SOFTMAX], {"input_shape": [5]}, "layers.0.Input.shape: expected the same as"),
        ([{"Input": {"shape": "four"}}, SOFTMAX], {}, "layers.0.Input.shape: expected a list"),
        ([{"Input": {"shape": [4], "ragged": True}}, SOFTMAX], {}, "layers.0.Input.ragged: expected `shape`"),
        ([SOFTMAX, "InputLayer"], {}, "layers.1: expected one of Keras' layers that can be trained and served"),
    ],
)  # fmt: skip
def test_problems_behind_an_input_keep_the_places_of_the_document(layers, more, found) -> None:
    """The person's own count of layers."""
    assert any(problem.startswith(found) for problem in problems_of(layers, CROSSENTROPY, **more))


def test_a_validation_split_is_the_share_of_validation() -> None:
    """The default gives way; another share beside it is named."""
    assert spec_of([SOFTMAX], CROSSENTROPY, fit={"validation_split": 0.2}).data.validation == 0.2
    (problem,) = problems_of([SOFTMAX], CROSSENTROPY, fit={"validation_split": 2})
    assert problem.startswith("fit.validation_split: expected a number above 0 and below 1")
    data = {"source": "data.csv", "validation": 0.1}
    (problem,) = problems_of([SOFTMAX], CROSSENTROPY, fit={"validation_split": 0.2}, data=data)
    assert problem.startswith("fit.validation_split: expected the same as `data.validation`, 0.1")


@pytest.mark.parametrize("given", [{"fit": {"validation_split": 0.0}}, {"data": {"source": "a.csv", "validation": 0}}])
def test_a_share_of_0_is_no_validation(given) -> None:
    """As in Keras' fit without one; callbacks cannot watch then what is not measured."""
    assert not spec_of([SOFTMAX], CROSSENTROPY, **given).data.is_validated
    watching = {"callbacks": [{"EarlyStopping": {"monitor": "val_loss"}}]}
    (problem,) = problems_of([SOFTMAX], CROSSENTROPY, **{**given, "fit": {**given.get("fit", {}), **watching}})
    assert problem.startswith("fit.callbacks.0.EarlyStopping.monitor: expected one of loss")


def decayed(rate: float, decay: float) -> dict[str, Any]:
    """The schedule that Keras 2 made of `decay`."""
    return {"InverseTimeDecay": {"initial_learning_rate": rate, "decay_steps": 1, "decay_rate": decay}}


@pytest.mark.parametrize(
    ("optimizer", "arguments"),
    [
        ({"Adam": {"lr": 0.01}}, {"learning_rate": 0.01}),
        ({"SGD": {"lr": 0.1, "momentum": 0.9}}, {"momentum": 0.9, "learning_rate": 0.1}),
        ({"adam": {"lr": 0.01, "decay": 0}}, {"learning_rate": 0.01}),
        (
            {"Adam": {"lr": 0.01, "decay": 1e-4}},
            {"learning_rate": decayed(0.01, 1e-4)},
        ),
        (
            {"SGD": {"decay": 1e-3}},
            {"learning_rate": decayed(0.01, 1e-3)},
        ),
    ],
)  # fmt: skip
def test_lr_and_decay_mean_what_they_meant(optimizer, arguments) -> None:
    """Keras 2 divided by 1 + decay · steps."""
    assert spec_of([SOFTMAX], CROSSENTROPY, compile={"optimizer": optimizer}).compile.optimizer.arguments == arguments


@pytest.mark.parametrize(
    "fit", [{"verbose": 0}, {"verbose": "auto"}, {"workers": 4, "use_multiprocessing": True}, {"validation_freq": 1}]
)
def test_arguments_that_change_no_result_are_passed_over(fit) -> None:
    """A spec prints nothing."""
    assert spec_of([SOFTMAX], CROSSENTROPY, fit={"epochs": 3, **fit}).fit.epochs == 3


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"fit": {"validation_data": "val.csv"}}, "fit.validation_data: expected `data.validation`"),
        ({"fit": {"steps_per_epoch": 5}}, "fit.steps_per_epoch: expected nothing"),
        ({"fit": {"sample_weight": "w"}}, "fit.sample_weight: expected `fit.class_weight`"),
        ({"compile": {"loss_weights": [1]}}, "compile.loss_weights: expected nothing"),
        ({"compile": {"learning_rate": 0.1}}, "compile.learning_rate: expected `compile.optimizer"),
        ({"compile": {"optimizer": {"Adam": {"lr": 1, "learning_rate": 1}}}}, "compile.optimizer.Adam.lr: expected"),
    ],
)  # fmt: skip
def test_arguments_of_keras_that_a_spec_has_elsewhere_are_named(more, found) -> None:
    """With the word that helps."""
    (problem,) = problems_of([SOFTMAX], CROSSENTROPY, **more)
    assert problem.startswith(found)


@pytest.mark.parametrize("loss", ["mse", "MSE", "kullback_leibler_divergence", "huber_loss", "cosine_proximity"])
def test_keras_other_names_of_losses_are_read(loss) -> None:
    """Short ones, and those of Keras 2."""
    assert spec_of([SOFTMAX if loss[0] == "k" else {"Dense": {"units": 1}}], loss).compile.loss.class_name
