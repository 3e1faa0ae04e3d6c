"""A network whose loss takes logits is a classifier: what it serves, measures and names are probabilities."""

import json

import keras
import numpy as np
import onnxruntime
import pytest

from models.errors import DataError
from models.settings import Settings
from models.spec import load_spec
from models.store.store import Store
from trainer.backends.choice import choose_backend
from trainer.importing.__main__ import main

assert choose_backend("tensorflow")

from trainer.importing.network_import import import_network  # noqa: E402 -- it imports Keras, whose backend had to be chosen before
from trainer.training import train  # noqa: E402

pytestmark = pytest.mark.timeout(240)
LAYERS, LOSSES = keras.layers, keras.losses
DIGITS = tuple("0123456789")


@pytest.fixture
def store(tmp_path) -> Store:
    """An empty store."""
    return Store.open(tmp_path / "store")


def quickstart(units: int = 10):
    """The network of TensorFlow's quickstart, on small images."""
    return keras.Sequential(
        [keras.Input((4, 4)), LAYERS.Flatten(), LAYERS.Dense(16, activation="relu"), LAYERS.Dropout(0.2),
         LAYERS.Dense(units)]
    )  # fmt: skip


def functional():
    """The same end on a network that is no Sequential."""
    entry = keras.Input((4, 4))
    return keras.Model(entry, LAYERS.Dense(10)(LAYERS.Flatten()(entry)))


def published(network, store, folder, names=(), loss=None):
    """Its version, as a compiled file makes it."""
    if loss is not None:
        network.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
    network.save(folder / "own.keras")
    return import_network((folder / "own.keras").read_bytes(), "own", where="own.keras", class_names=names, store=store)


@pytest.mark.parametrize(
    ("units", "loss", "task", "activation"),
    [
        (10, LOSSES.SparseCategoricalCrossentropy(from_logits=True), "softmax", "softmax"),
        (10, LOSSES.CategoricalCrossentropy(from_logits=True), "softmax", "softmax"),
        (10, [LOSSES.CategoricalFocalCrossentropy(from_logits=True)], "softmax", "softmax"),
        (1, LOSSES.BinaryCrossentropy(from_logits=True), "sigmoid", "sigmoid"),
        (10, LOSSES.BinaryFocalCrossentropy(from_logits=True), "multilabel", "sigmoid"),
    ],
)
def test_an_imported_network_of_logits_is_a_classifier(tmp_path, store, units, loss, task, activation) -> None:
    """Its graph, its golden rows and its file give probabilities; manifest and report say what was added."""
    network = quickstart(units)
    names = ("no", "yes") if units == 1 else DIGITS
    manifest = published(network, store, tmp_path, names, loss)
    assert (manifest.task, manifest.added_activation, manifest.class_names) == (task, activation, names)
    rows = np.random.default_rng(1).random((5, 4, 4), dtype=np.float32)
    right = np.asarray(getattr(keras.ops, activation)(network(rows)))
    (answer,) = onnxruntime.InferenceSession(store.read(manifest, "model.onnx")).run(None, {"x": rows})
    (tmp_path / "kept.keras").write_bytes(store.read(manifest, "model.keras"))
    kept = np.asarray(keras.saving.load_model(tmp_path / "kept.keras")(rows))
    golden = np.asarray(getattr(keras.ops, activation)(network(np.asarray(manifest.golden_rows.instances))))
    for given, expected in ((answer, right), (kept, right), (golden, manifest.golden_rows.predictions)):
        assert np.allclose(given, expected, atol=1e-5)
    assert json.loads(store.read(manifest, "report.json"))["added_activation"] == activation
    assert store.verify("own", 1) == manifest


def test_an_imported_functional_network_of_logits_is_a_classifier(tmp_path, store) -> None:
    """However the layers are written."""
    network = functional()
    loss = {network.output_names[0]: LOSSES.SparseCategoricalCrossentropy(from_logits=True)}
    manifest = published(network, store, tmp_path, DIGITS, loss)
    assert (manifest.task, manifest.class_names) == ("softmax", DIGITS)


def test_the_quickstarts_own_probability_model_is_imported(tmp_path, store) -> None:
    """`Sequential([model, Softmax()])`: a network that stands as a layer in another."""
    inner = quickstart()
    inner.compile(loss=LOSSES.SparseCategoricalCrossentropy(from_logits=True))
    manifest = published(keras.Sequential([inner, LAYERS.Softmax()]), store, tmp_path, DIGITS)
    assert (manifest.task, manifest.added_activation, manifest.class_names) == ("softmax", None, DIGITS)


def test_class_names_of_a_regression_are_refused(tmp_path, store) -> None:
    """They were dropped; the way on is the loss."""
    with pytest.raises(DataError, match=r"--class-names: expected none .*from_logits=True"):
        published(quickstart(), store, tmp_path, DIGITS)
    assert published(quickstart(2), store, tmp_path, loss="mse").task == "regression"


def test_the_quickstart_is_measured_and_its_softmax_is_said(tmp_path, monkeypatch, capsys) -> None:
    """With the accuracy that Keras gives it."""
    rng = np.random.default_rng(1)
    rows, labels = rng.random((60, 4, 4), dtype=np.float32), np.arange(60) % 10
    np.savez(tmp_path / "own.npz", x=rows, y=labels)
    network = quickstart()
    network.compile(loss=LOSSES.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    network.save(tmp_path / "own.keras")
    accuracy = network.evaluate(rows, labels, verbose=0, return_dict=True)["accuracy"]
    monkeypatch.setenv("ONEHOT_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("ONEHOT_DATA_ROOTS", str(tmp_path))
    assert main([str(tmp_path / "own.keras"), "--model", "own", "--data", "own.npz"]) == 0
    shown = capsys.readouterr().out
    assert f"accuracy {accuracy:.4f}" in shown
    assert "softmax added behind the last layer" in shown


def two_moons(folder, classes: int):
    """Blobs that a small network tells apart."""
    rng = np.random.default_rng(3)
    labels = np.arange(120) % classes
    np.savez(folder / "blobs.npz", x=(rng.normal(size=(120, 4)) + 4 * np.eye(4)[labels]).astype(np.float32), y=labels)


def trained(folder, store, last, loss, metrics, **more):
    """A version of a spec with this last layer."""
    two_moons(folder, 2 if last["units"] == 1 else 3)
    document = {
        "model": "blobs", "seed": 7, "data": {"source": "blobs.npz"} | more.get("data", {}),
        "layers": [{"Dense": {"units": 8, "activation": "relu"}}, {"Dense": last}],
        "compile": {"optimizer": {"Adam": {"learning_rate": 0.02}}, "loss": loss, "metrics": metrics},
        "fit": {"epochs": 12, "batch_size": 16, **more.get("fit", {})}, "gate": {"metric": "accuracy", "minimum": 0.5},
    }  # fmt: skip
    return train(
        load_spec(document), store=store, settings=Settings(data_roots=(str(folder),)), job_id=more.get("job", "job")
    )


SPARSE, BINARY = "SparseCategoricalCrossentropy", "BinaryCrossentropy"


@pytest.mark.parametrize(
    ("units", "loss", "task", "fit"),
    [(3, SPARSE, "softmax", {}), (1, BINARY, "sigmoid", {}), (3, SPARSE, "softmax", {"precision": "mixed_bfloat16"})],
)
def test_a_spec_with_a_loss_of_logits_trains_a_classifier(tmp_path, store, units, loss, task, fit) -> None:
    """With the same metrics as the network that ends in the activation, to the last digits."""
    names = ("no", "yes") if units == 1 else ("a", "b", "c")
    more = {"data": {"class_names": list(names)}, "fit": fit}
    logits = trained(tmp_path, store, {"units": units}, {loss: {"from_logits": True}}, ["accuracy"], **more)
    last = {"units": units, "activation": task}
    twin = trained(tmp_path, store, last, loss, ["accuracy"], **more, job="twin")
    assert (logits.task, logits.added_activation, logits.class_names) == (task, task, names)
    assert twin.added_activation is None
    assert logits.metrics == pytest.approx(twin.metrics, abs=0.02 if fit else 1e-4)
    assert logits.metrics["accuracy"] > 0.9
    predictions = np.asarray(logits.golden_rows.predictions)
    assert predictions.min() >= 0
    assert predictions.max() <= 1
    assert logits.summary["added_activation"] == task
    assert store.verify("blobs", 1) == logits


def test_thresholds_of_logits_keep_their_meaning(tmp_path, store) -> None:
    """`BinaryAccuracy(threshold=0)`, as tutorials write beside from_logits, is one half of a probability."""
    metrics = ["accuracy", {"BinaryAccuracy": {"threshold": 0.0}}, {"BinaryCrossentropy": {"from_logits": True}}]
    manifest = trained(tmp_path, store, {"units": 1}, {BINARY: {"from_logits": True}}, metrics)
    assert manifest.metrics["binary_accuracy"] == manifest.metrics["accuracy"]
    assert manifest.metrics["binary_crossentropy"] == pytest.approx(manifest.metrics["loss"], abs=1e-4)
