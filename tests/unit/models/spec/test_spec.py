import json

import pytest

from models.errors import SpecError
from models.spec import load_spec
from models.spec.keras_metrics import metric_name
from models.spec.yaml_text import dump_document, load_document, set_path

SPEC = {
    "model": "digits",
    "data": {"source": "sklearn://digits"},
    "preprocessing": [{"astype": "float32"}, {"rescale": {"scale": 0.0625}}, "standardize", {"reshape": [8, 8, 1]}],
    "layers": [
        {"Conv2D": {"filters": 32, "kernel_size": 3, "activation": "relu"}},
        "MaxPooling2D",
        "Flatten",
        {"Dropout": {"rate": 0.5}},
        {"Dense": {"units": 10, "activation": "softmax"}},
    ],
    "compile": {
        "optimizer": {"Adam": {"learning_rate": 0.001}},
        "loss": "categorical_crossentropy",
        "metrics": ["accuracy"],
    },
    "fit": {
        "epochs": 15,
        "batch_size": 64,
        "callbacks": [{"EarlyStopping": {"monitor": "val_loss", "patience": 3}}],
        "class_weight": "balanced",
    },
    "resources": {"gpus": 1},
    "gate": {"metric": "accuracy", "minimum": 0.9, "not_worse_than": "stable", "tolerance": 0.005},
}


def problems_of(document):
    """Path → message of every problem of a document."""
    with pytest.raises(SpecError) as caught:
        load_spec(document)
    return {problem.path: problem.message for problem in caught.value.problems}


def changed(**parts):
    """The spec with other parts."""
    return {**SPEC, **parts}


def test_a_spec_becomes_a_value():
    """Keras' own words, ours where it has none."""
    spec = load_spec(SPEC)
    assert [layer.class_name for layer in spec.layers] == ["Conv2D", "MaxPooling2D", "Flatten", "Dropout", "Dense"]
    assert spec.compile.loss.class_name == "CategoricalCrossentropy"
    assert (spec.backend, spec.fit.epochs, spec.resources.queue) == ("tensorflow", 15, "train-gpu")


def test_a_spec_written_as_yaml_or_json_is_read_back_equal():
    """The document goes through the queue and into the version."""
    spec = load_spec(SPEC)
    assert load_spec(json.loads(json.dumps(spec.document))) == spec
    assert load_spec(load_document(dump_document(spec.document))) == spec


def test_five_mistakes_get_five_messages_each_with_its_path():
    """All at once, not one after the other."""
    layers = [{"Dense": {"units": "12", "activaton": "relu"}}, {"Dens": {"units": 3}}]
    problems = problems_of(changed(model="Digits!", layers=layers, fit={"epochs": 0}))
    assert set(problems) == {"model", "layers.0.Dense.units", "layers.0.Dense.activaton", "layers.1", "fit.epochs"}
    assert problems["layers.0.Dense.units"] == "expected a whole number from 1 to 16777216; received '12'"
    assert "did you mean activation?" in problems["layers.0.Dense.activaton"]
    assert "did you mean Dense?" in problems["layers.1"]


@pytest.mark.parametrize(
    ("parts", "path", "message"),
    [
        ({"modell": 1}, "modell", "did you mean model?"),
        ({"backend": "theano"}, "backend", "one of tensorflow, jax, torch; received 'theano'"),
        ({"backend": "torch", "resources": {"gpus": 2}}, "resources.gpus", "at most 1 with the backend torch"),
        ({"seed": -1}, "seed", "a whole number from 0"),
        ({"seed": True}, "seed", "received True"),
        ({"data": {}}, "data.source", "expected text; received nothing"),
        ({"data": "x.csv"}, "data", "a mapping with the keys source"),
        ({"data": {"source": "x.csv", "test": 1.5}}, "data.test", "a number above 0 and below 1"),
        ({"data": {"source": "x.csv", "test": 0.6, "validation": 0.4}}, "data", "leave rows to train on"),
        ({"data": {"source": "x.csv", "class_names": ["a", "a"]}}, "data.class_names", "that differ"),
        ({"layers": []}, "layers", "at least one layer"),
        ({"layers": {"Dense": {"units": 1}}}, "layers", "a list of Keras' layers"),
        ({"layers": [{"Dense": {"units": 2.5}}]}, "layers.0.Dense.units", "received 2.5"),
        ({"layers": [{"Dense": {"units": 10**12}}]}, "layers.0.Dense.units", "received 1000000000000"),
        ({"layers": [{"Dense": {}}]}, "layers.0.Dense.units", "received nothing"),
        ({"layers": [{"Dropout": {"rate": 1.5}}]}, "layers.0.Dropout.rate", "received 1.5"),
        ({"layers": [{"Lambda": {"function": "x"}}]}, "layers.0", "refused because it runs Python code of its own"),
        ({"layers": [{"Dense": {"units": 3, "activation": "rely"}}]}, "layers.0.Dense.activation", "mean relu?"),
        ({"compile": {"optimizer": "adam"}}, "compile.loss", "received nothing"),
        ({"compile": {"loss": "categorical"}}, "compile.loss", "did you mean"),
        ({"compile": {"loss": "mse", "optimizer": {"Adam": {"lrs": 1}}}}, "compile.optimizer.Adam.lrs", "an argument"),
        ({"fit": {"batch_size": 0}}, "fit.batch_size", "received 0"),
        ({"fit": {"class_weight": "even"}}, "fit.class_weight", "balanced"),
        ({"fit": {"precision": "float8"}}, "fit.precision", "mixed_float16"),
        ({"fit": {"callbacks": ["TensorBoard"]}}, "fit.callbacks.0", "refused because"),
        ({"preprocessing": ["standardise"]}, "preprocessing.0", "did you mean standardize?"),
        ({"preprocessing": [{"rescale": {}}]}, "preprocessing.0.rescale.scale", "received nothing"),
        ({"preprocessing": [{"astype": "float64"}]}, "preprocessing.0.astype", "expected float32"),
        ({"preprocessing": [{"reshape": [-1, -1]}]}, "preprocessing.0.reshape", "-1 at most once"),
        ({"preprocessing": [{"fill": {"strategy": "constant"}}]}, "preprocessing.0.fill.value", "received nothing"),
        ({"input_shape": [8, 8]}, "input_shape", "what preprocessing.3.reshape makes, [8, 8, 1]"),
        ({"layers": ["Flatten"]}, "layers.0.Flatten", "a last layer of 2 or more units with softmax"),
        ({"layers": [{"Dense": {"units": 3, "activation": "relu"}}]}, "layers.0.Dense", "with softmax"),
        ({"layers": [{"Dense": {"units": 3}}]}, "compile.loss", "a loss for a regression head of 3"),
        ({"input_shape": [8, 8, 1], "layers": [SPEC["layers"][0], SPEC["layers"][-1]]}, "layers.1.Dense", "Flatten"),
        ({"input_shape": [64], "preprocessing": []}, "layers.0.Conv2D", "received the shape [64] from the input"),
        ({"gate": {"metric": "accuracy"}}, "gate", "`minimum` or `not_worse_than`"),
        ({"preprocessing": [{"fill": {"strategy": "mean", "value": 3}}]}, "preprocessing.0.fill.value", "no value"),
        ({"layers": [{"Dense": {"units": 2, "name": "my out"}}]}, "layers.0.Dense.name", "a name of letters"),
        ({"layers": [{"Dense": {"units": 2, "name": "x"}}]}, "layers.0.Dense.name", "which the input has"),
        ({"gate": {"metric": "recall", "minimum": 1}}, "gate.metric", "one of compile.metrics: loss, accuracy"),
        ({"resources": {"gpus": -1}}, "resources.gpus", "received -1"),
        ({"seed": 10**400}, "seed", "a whole number from 0"),
        ({"gate": {"metric": "accuracy", "minimum": 10**400}}, "gate.minimum", "expected a number"),
        ({"gate": {"metric": "accuracy", "minimum": float("nan")}}, "gate.minimum", "expected a number"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_its_path(parts, path, message):
    """Where, what was expected, what came."""
    assert message in problems_of(changed(**parts))[path]


def test_an_input_shape_on_the_first_layer_is_taken_as_keras_takes_it():
    """`input_dim` and `input_shape` go to the top."""
    layers = [{"Dense": {"units": 3, "activation": "softmax", "input_dim": 8}}]
    spec = load_spec(changed(layers=layers, preprocessing=[]))
    assert spec.input_shape == (8,)
    assert dict(spec.layers[0].arguments) == {"units": 3, "activation": "softmax"}


def test_an_input_shape_that_disagrees_is_named():
    """The top and the first layer must say the same."""
    layers = [{"Dense": {"units": 3, "input_shape": [8]}}]
    problems = problems_of(changed(layers=layers, preprocessing=[], input_shape=[9]))
    assert problems["layers.0.Dense.input_shape"] == "expected the same as `input_shape`, [9]; received [8]"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model: a\nmodel: b\n", "spec:2:1: expected each key once"),
        ("model: [a\n", "spec:2:1: expected YAML or JSON"),
        ("- 1", "spec: expected a mapping of spec keys; received list"),
        (b"\xff", "spec: expected UTF-8 text"),
        ("a: !!python/object/apply:os.system [ls]", "expected YAML or JSON"),
    ],
)
def test_text_that_is_no_spec_is_refused_with_its_place(text, message):
    """Line and column where the parser has them; no Python objects."""
    with pytest.raises(SpecError) as caught:
        load_document(text)
    assert message in str(caught.value)


def test_numbers_are_yaml_1_2():
    """`1e-3` is a number, `no` is a word."""
    assert load_document("rate: 1e-3\nanswer: no") == {"rate": 0.001, "answer": "no"}


def test_one_value_of_a_spec_is_set_by_its_path():
    """As `onehot train --set` does."""
    document = {"fit": {"epochs": 1}, "layers": [{"Dense": {"units": 1}}]}
    assert set_path(document, "fit.epochs=5")["fit"] == {"epochs": 5}
    assert set_path(document, "layers.0.Dense.units=12")["layers"] == [{"Dense": {"units": 12}}]
    assert set_path(document, "compile.metrics=[accuracy]")["compile"] == {"metrics": ["accuracy"]}
    assert document == {"fit": {"epochs": 1}, "layers": [{"Dense": {"units": 1}}]}


@pytest.mark.parametrize("assignment", ["fit.epochs", "=5", "layers.7.Dense=1", "layers.0.Dense.units.x=1"])
def test_an_assignment_that_leads_nowhere_is_refused(assignment):
    """With its path."""
    with pytest.raises(SpecError):
        set_path({"layers": [{"Dense": {"units": 1}}]}, assignment)


def test_short_names_of_metrics_are_names_as_in_keras() -> None:
    """What is measured, what a callback watches, and what a gate asks for."""
    spec = load_spec({
        "model": "m", "data": {"source": "a.csv"}, "layers": [{"Dense": {"units": 3, "activation": "softmax"}}],
        "compile": {"loss": "categorical_crossentropy", "metrics": ["acc", "mae"]},
        "fit": {"callbacks": [{"EarlyStopping": {"monitor": "val_mae"}}]}, "gate": {"metric": "acc", "minimum": 0.5},
    })  # fmt: skip
    assert [metric_name(metric) for metric in spec.compile.metrics] == ["acc", "mae"]
