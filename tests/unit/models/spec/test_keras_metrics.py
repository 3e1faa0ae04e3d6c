import pytest

from models.errors import SpecError
from models.keras_catalog.objects import ObjectSpec, known_names
from models.spec import load_spec
from models.spec.keras_metrics import METRICS, higher_is_better, metric_name

LAYERS = {
    "softmax": {"Dense": {"units": 3, "activation": "softmax"}},
    "sigmoid": {"Dense": {"units": 1, "activation": "sigmoid"}},
    "multilabel": {"Dense": {"units": 3, "activation": "sigmoid"}},
    "regression": {"Dense": {"units": 1}},
}
LOSS = {
    "softmax": "categorical_crossentropy",
    "sigmoid": "binary_crossentropy",
    "multilabel": "binary_crossentropy",
    "regression": "mean_squared_error",
}


def problems_of(task: str = "softmax", **changes) -> list[tuple[str, str]]:
    """Path and message of every problem of a small spec."""
    document = {
        "model": "m",
        "data": {"source": "d.npz"},
        "layers": [LAYERS[task]],
        "compile": {"loss": LOSS[task], **changes.pop("compile", {})},
        **changes,
    }
    try:
        load_spec(document)
    except SpecError as error:
        return [(one.path, one.message) for one in error.problems]
    return []


def test_every_metric_of_a_head_is_one_of_keras() -> None:
    """And every metric of Keras fits some head."""
    known = set(known_names("metrics"))
    assert {name for names in METRICS.values() for name in names} == known


@pytest.mark.parametrize(
    ("task", "metric"),
    [
        ("regression", "accuracy"),
        ("regression", "AUC"),
        ("sigmoid", "CategoricalAccuracy"),
        ("sigmoid", "TopKCategoricalAccuracy"),
        ("multilabel", "SparseCategoricalAccuracy"),
        ("softmax", "R2Score"),
    ],
)
def test_a_metric_that_does_not_fit_the_head_is_refused(task, metric) -> None:
    """At submission, with its path and those that do fit."""
    ((path, message),) = problems_of(task, compile={"metrics": ["mean_squared_error", metric]})
    assert path == "compile.metrics.1"
    assert f"a metric for a {task} head" in message


def test_the_loss_that_would_allow_a_metric_is_named() -> None:
    """Class indices suit few metrics."""
    compiled = {"loss": "sparse_categorical_crossentropy", "metrics": ["AUC"]}
    ((path, message),) = problems_of(compile=compiled)
    assert path == "compile.metrics.0"
    assert message.endswith("AUC; the loss CategoricalCrossentropy allows it")


@pytest.mark.parametrize("metrics", [["accuracy", "accuracy"], ["accuracy", {"AUC": {"name": "accuracy"}}],
                                     [{"AUC": {"name": "loss"}}]])  # fmt: skip
def test_two_measures_cannot_have_one_name(metrics) -> None:
    """History and gate know them by it."""
    ((path, message),) = problems_of(compile={"metrics": metrics})
    assert path == f"compile.metrics.{len(metrics) - 1}"
    assert "that nothing measured before it has" in message


@pytest.mark.parametrize(
    ("callback", "path", "expected"),
    [
        ({"EarlyStopping": {"monitor": "val_acuracy"}}, "EarlyStopping.monitor", "one of loss, auc, val_loss, val_auc"),
        ({"ReduceLROnPlateau": {"monitor": "accuracy"}}, "ReduceLROnPlateau.monitor", "one of loss"),
        ("SwapEMAWeights", "SwapEMAWeights", "an optimizer with `use_ema: true`"),
    ],
)
def test_a_callback_that_watches_what_is_not_measured_is_refused(callback, path, expected) -> None:
    """At submission, not after the first epoch."""
    ((found, message),) = problems_of(compile={"metrics": ["AUC"]}, fit={"callbacks": [callback]})
    assert found == f"fit.callbacks.0.{path}"
    assert expected in message


def test_a_schedule_and_a_plateau_do_not_go_together() -> None:
    """Both would set the learning rate."""
    schedule = {"ExponentialDecay": {"initial_learning_rate": 0.1, "decay_steps": 9, "decay_rate": 0.9}}
    compiled = {"optimizer": {"SGD": {"learning_rate": schedule}}}
    ((path, _),) = problems_of(compile=compiled, fit={"callbacks": ["ReduceLROnPlateau"]})
    assert path == "fit.callbacks.0.ReduceLROnPlateau"


def test_keras_must_be_told_which_way_a_count_is_better() -> None:
    """It does not know of true positives."""
    stop = {"EarlyStopping": {"monitor": "val_true_positives"}}
    compiled = {"metrics": ["TruePositives"]}
    ((path, _),) = problems_of(compile=compiled, fit={"callbacks": [stop]})
    assert path == "fit.callbacks.0.EarlyStopping.mode"
    stop["EarlyStopping"]["mode"] = "max"
    assert problems_of(compile=compiled, fit={"callbacks": [stop]}) == []


@pytest.mark.parametrize(
    ("gate", "path"),
    [
        ({"metric": "loss", "minimum": 0.1}, "gate.minimum"),
        ({"metric": "auc", "minimum": 0.1, "per_class": True}, "gate.per_class"),
        ({"metric": "f1", "minimum": 0.1}, "gate.metric"),
    ],
)
def test_a_gate_asks_for_what_can_be_compared(gate, path) -> None:
    """A minimum of a loss lets everything bad through."""
    assert [found for found, _ in problems_of(compile={"metrics": ["AUC"]}, gate=gate)] == [path]


@pytest.mark.parametrize("name", ["Accuracy", "AUC", "CosineSimilarity", "R2Score", "TruePositives", "BinaryIoU"])
def test_more_is_better(name) -> None:
    """Of scores."""
    assert higher_is_better(metric_name(ObjectSpec(name)), [ObjectSpec(name)])


@pytest.mark.parametrize("name", ["MeanSquaredError", "BinaryCrossentropy", "Hinge", "KLDivergence", "FalsePositives"])
def test_less_is_better(name) -> None:
    """Of errors, and of the loss itself."""
    assert not higher_is_better(metric_name(ObjectSpec(name)), [ObjectSpec(name)])
    assert not higher_is_better("loss", [ObjectSpec(name)])


def test_activations_keep_arguments_only_where_a_version_can() -> None:
    """A function with arguments cannot be saved by name."""
    hidden = {"Dense": {"units": 4, "activation": {"celu": {"alpha": 2.0}}}}
    ((path, message),) = problems_of(layers=[hidden, LAYERS["softmax"]])
    assert path == "layers.0.Dense.activation.celu"
    assert "no arguments: only elu, leaky_relu, relu, softmax" in message
    hidden["Dense"]["activation"] = {"elu": {"alpha": 2.0}}
    assert problems_of(layers=[hidden, LAYERS["softmax"]]) == []


def test_a_layer_of_training_only_stands_by_itself() -> None:
    """Inside of a wrapper the export would keep its random numbers."""
    wrapped = {"TimeDistributed": {"layer": "RandomFlip"}}
    ((path, message),) = problems_of(layers=[wrapped, "Flatten", LAYERS["softmax"]])
    assert path == "layers.0.TimeDistributed.layer"
    assert message.endswith("received RandomFlip")


def test_a_head_may_have_its_activation_with_arguments() -> None:
    """Or in a layer of its own."""
    assert problems_of(layers=[{"Dense": {"units": 3, "activation": {"softmax": {"axis": -1}}}}]) == []
    assert problems_of(layers=[{"Dense": {"units": 3}}, "Softmax"]) == []
