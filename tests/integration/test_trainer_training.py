import json
from pathlib import Path

import keras
import numpy as np
import pytest

from models.errors import InputError
from models.settings import Settings
from models.spec import load_spec
from models.spec.yaml_text import load_document
from models.store.manifest import Manifest
from models.store.store import Store
from service.registry.verified_loading import load_version
from trainer.backends.choice import choose_backend
from trainer.fit.progress import NullObserver

assert choose_backend("tensorflow")

from trainer.training import train  # noqa: E402 -- it imports Keras, whose backend had to be chosen before

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def store(tmp_path) -> Store:
    """An empty store."""
    return Store.open(tmp_path / "store")


def publish(document, store: Store, root=".", job_id: str = "job") -> Manifest:
    return train(load_spec(document), store=store, settings=Settings(data_roots=(str(root),)), job_id=job_id)


def keras_predictions(store: Store, manifest: Manifest, folder, instances) -> np.ndarray:
    (folder / "model.keras").write_bytes(store.read(manifest, "model.keras"))
    network = keras.saving.load_model(folder / "model.keras")
    return np.asarray(
        network.predict(manifest.fitted_preprocessing.apply(np.asarray(instances, np.float32)), verbose=0)
    )


def classic(tmp_path):
    """100 rows of 8 numbers, three classes as one-hot rows: the case of every tutorial."""
    rng = np.random.default_rng(5)
    features = rng.random((100, 8), dtype=np.float32)
    labels = np.digitize(features[:, :3].sum(axis=1), [1.3, 1.7])
    np.savez(tmp_path / "classic.npz", x=features, y=np.eye(3)[labels])
    units = [(12, "relu"), (8, "relu"), (3, "softmax")]
    return {
        "model": "classic",
        "data": {"source": "classic.npz", "validation": 0.1, "test": 0.2},
        "layers": [{"Dense": {"units": one, "activation": activation}} for one, activation in units],
        "compile": {"optimizer": "adam", "loss": "categorical_crossentropy", "metrics": ["accuracy"]},
        "fit": {"epochs": 150, "batch_size": 10},
    }


def test_the_classic_case_is_published_whole(tmp_path, store) -> None:
    """Manifest, files, report and golden rows, all of one network."""
    manifest = publish(classic(tmp_path), store, tmp_path)
    assert (manifest.model, manifest.version, manifest.task) == ("classic", 1, "softmax")
    assert manifest.inputs[0].shape == (None, 8)
    assert manifest.outputs[0].shape == (None, 3)
    assert manifest.data["rows"] == {"train": 70, "validation": 10, "test": 20}
    assert set(manifest.files) == {"model.onnx", "model.keras", "report.json", "spec.yaml", "statistics.json"}
    assert store.labels("classic") == {"stable": 1}
    assert store.verify("classic", 1) == manifest
    golden = manifest.golden_rows
    again = keras_predictions(store, manifest, tmp_path, golden.instances)
    assert np.allclose(again, golden.predictions, atol=1e-5)
    assert np.allclose(again.sum(axis=1), 1, atol=1e-5)


def test_the_report_says_all_that_was_measured(tmp_path, store) -> None:
    """Metrics of every part, history of every epoch, confusion, class scores and balance, parity, timings."""
    manifest = publish({**classic(tmp_path), "fit": {"epochs": 3}}, store, tmp_path)
    report = json.loads(store.read(manifest, "report.json"))
    assert set(report["parts"]) == {"train", "validation", "test"}
    assert report["parts"]["test"]["metrics"] == pytest.approx(manifest.metrics)
    assert len(report["history"]) == 3
    assert np.sum(report["confusion_matrix"]) == 20
    assert [score["name"] for score in report["classes"]] == ["0", "1", "2"]
    assert sum(report["parts"]["train"]["class_counts"].values()) == 70
    assert report["parity"]["largest_difference"] < 1e-5
    with np.load(tmp_path / "classic.npz") as data:
        labels = data["y"].argmax(axis=1)
    assert report["mistakes"]
    assert all(str(labels[mistake["source_row"]]) == mistake["true"] for mistake in report["mistakes"])
    assert {"data", "build", "fit", "evaluate", "export"} <= set(report["timings_s"])


def test_the_published_spec_trains_the_same_network_again(tmp_path, store) -> None:
    """The weights' digest says so."""
    first = publish({**classic(tmp_path), "fit": {"epochs": 3}}, store, tmp_path)
    second = publish(load_document(store.read(first, "spec.yaml")), store, tmp_path, job_id="again")
    assert second.version == 2
    assert second.weights_sha256 == first.weights_sha256


def test_a_job_publishes_once_however_often_it_runs(tmp_path, store) -> None:
    """A lost worker's job runs again; it must not train again when it had published."""

    class Silent(NullObserver):
        def on_epoch(self, progress) -> None:
            """Fail."""
            raise AssertionError(f"trained again: {progress}")

    document = {**classic(tmp_path), "fit": {"epochs": 2}}
    first = publish(document, store, tmp_path)
    settings = Settings(data_roots=(str(tmp_path),))
    again = train(load_spec(document), store=store, settings=settings, job_id="job", observer=Silent())
    assert again == first
    assert store.versions("classic") == [1]


def test_digits_are_learned(tmp_path, store) -> None:
    """The example's own spec, real handwriting, at least 0.97 of held-out digits right."""
    spec = load_document(Path("examples/digits.yaml").read_bytes())
    manifest = publish(spec, store)
    assert manifest.metrics["accuracy"] >= 0.97
    assert manifest.instance.shape == (64,)
    assert manifest.inputs[0].shape == (None, 8, 8, 1)
    again = keras_predictions(store, manifest, tmp_path, manifest.golden_rows.instances)
    assert np.allclose(again, manifest.golden_rows.predictions, atol=1e-5)


def test_a_table_with_text_and_gaps_is_trained_as_it_will_be_served(tmp_path, store) -> None:
    """Fitted on the training part, kept in the manifest, applied to raw rows."""
    rng = np.random.default_rng(2)
    rows = ["length,island,kind"]
    for index in range(90):
        kind = "abc"[index % 3]
        length = "" if index % 15 == 0 else f"{index % 3 + rng.normal() / 9:.3f}"
        rows.append(f"{length},{'north' if rng.random() < 0.5 else 'south'},{kind}")
    (tmp_path / "t.csv").write_text("\n".join(rows))
    document = {
        **classic(tmp_path),
        "data": {"source": "t.csv", "target": "kind", "validation": 0.2, "test": 0.2},
        "preprocessing": [{"fill": {"strategy": "median"}}, {"one_hot": {"columns": ["island"]}}, "standardize"],
        "layers": [{"Dense": {"units": 8, "activation": "gelu"}}, {"Dense": {"units": 3, "activation": "softmax"}}],
        "compile": {**classic(tmp_path)["compile"], "optimizer": {"Adam": {"learning_rate": 0.02}}},
        "fit": {"epochs": 60, "class_weight": "balanced"},
    }
    manifest = publish(document, store, tmp_path)
    assert manifest.class_names == ("a", "b", "c")
    assert [(one.name, one.kind) for one in manifest.instance.features] == [
        ("length", "number"),
        ("island", "category"),
    ]
    assert manifest.inputs[0].shape == (None, 3)
    assert manifest.metrics["accuracy"] > 0.8
    raw = np.array([[None, "north"], [2.0, "south"]], dtype=object)
    assert manifest.fitted_preprocessing.apply(raw).shape == (2, 3)


HEADS = {
    "sigmoid": (1, "sigmoid", "binary_crossentropy", lambda x: x[:, 0] > 0),
    "softmax": (2, "softmax", "sparse_categorical_crossentropy", lambda x: (x[:, 0] > 0).astype(int)),
    "multilabel": (3, "sigmoid", "binary_crossentropy", lambda x: (x[:, :3] > 0).astype(int)),
    "regression": (1, "linear", "mean_squared_error", lambda x: x[:, 0]),
}


@pytest.mark.parametrize("task", HEADS)
def test_every_head_is_trained_and_published(tmp_path, store, task) -> None:
    """One sigmoid unit, indices for a sparse loss, several sigmoid units, numbers."""
    units, activation, loss, targets = HEADS[task]
    features = np.random.default_rng(1).normal(size=(80, 4)).astype(np.float32)
    np.savez(tmp_path / "h.npz", x=features, y=targets(features))
    metric = "mean_absolute_error" if task == "regression" else "accuracy"
    document = {
        **classic(tmp_path),
        "model": task,
        "data": {"source": "h.npz", "validation": 0.2, "test": 0.2},
        "layers": [{"Dense": {"units": 8}}, "ReLU", {"Dense": {"units": units, "activation": activation}}],
        "compile": {"optimizer": {"Adam": {"learning_rate": 0.02}}, "loss": loss, "metrics": [metric]},
        "fit": {"epochs": 40},
    }
    manifest = publish(document, store, tmp_path)
    assert manifest.task == task
    assert manifest.outputs[0].name == ("values" if task == "regression" else "probabilities")
    assert manifest.outputs[0].shape == (None, units)
    value = manifest.metrics[metric]
    assert value < 0.3 if task == "regression" else value > 0.8


def test_validation_and_test_may_be_other_sources(tmp_path, store) -> None:
    """Then all of the first source is trained on."""
    document = classic(tmp_path)
    for name in ("v", "t"):
        (tmp_path / f"{name}.npz").write_bytes((tmp_path / "classic.npz").read_bytes())
    document = {
        **document,
        "data": {"source": "classic.npz", "validation": "v.npz", "test": "t.npz"},
        "fit": {"epochs": 1},
    }
    assert publish(document, store, tmp_path).data["rows"] == {"train": 100, "validation": 100, "test": 100}


def test_values_of_any_size_are_served_as_they_were_trained(tmp_path, store) -> None:
    """What float32 cannot tell apart among large values is no difference, neither to the trainer nor to the service."""
    features = np.random.default_rng(1).normal(size=(200, 4)).astype(np.float32)
    np.savez(tmp_path / "prices.npz", x=features, y=1e5 * (features[:, 0] + features[:, 1] ** 2))
    document = {
        **classic(tmp_path),
        "model": "prices",
        "data": {"source": "prices.npz", "validation": 0.2, "test": 0.2},
        "layers": [{"Dense": {"units": 64, "activation": "tanh"}}, {"Dense": {"units": 64}}, {"Dense": {"units": 1}}],
        "compile": {"optimizer": {"SGD": {"learning_rate": 1e-3, "clipnorm": 1e5}}, "loss": "mean_squared_error"},
        "fit": {"epochs": 20},
    }
    manifest = publish(document, store, tmp_path)
    assert np.abs(manifest.golden_rows.predictions).max() > 1e3
    assert load_version(store, "prices", manifest.version).manifest == manifest


@pytest.mark.parametrize(
    ("optimizer", "regularizer"),
    [
        ({"Adadelta": {"learning_rate": 1}}, {"OrthogonalRegularizer": {"factor": 1}}),
        (
            {"SGD": {"learning_rate": {"CosineDecayRestarts": {"initial_learning_rate": 1, "first_decay_steps": 5}}}},
            "l2",
        ),
        (
            {"SGD": {"learning_rate": {"PiecewiseConstantDecay": {"boundaries": [5, 10], "values": [1, 0.5, 0.1]}}}},
            "l2",
        ),
    ],
)
def test_a_whole_number_is_a_number_too(tmp_path, store, optimizer, regularizer) -> None:
    """Keras takes 1 for an integer where it wants 1.0, and fails in the middle of a training."""
    document = {**classic(tmp_path), "fit": {"epochs": 2, "batch_size": 10}}
    document["compile"]["optimizer"] = optimizer
    document["layers"][0]["Dense"]["kernel_regularizer"] = regularizer
    assert publish(document, store, tmp_path).version == 1


def test_a_token_beyond_the_vocabulary_is_the_client_s_mistake(tmp_path, store) -> None:
    """It is refused by its index, and its neighbours are not."""
    rng = np.random.default_rng(3)
    tokens = rng.integers(0, 20, (60, 5))
    np.savez(tmp_path / "tokens.npz", x=tokens, y=tokens[:, 0] // 10)
    document = classic(tmp_path) | {
        "data": {"source": "tokens.npz"}, "fit": {"epochs": 1}, "compile": {"loss": "sparse_categorical_crossentropy"},
        "layers": [{"Embedding": {"input_dim": 20, "output_dim": 4}}, "Flatten",
                   {"Dense": {"units": 2, "activation": "softmax"}}],
    }  # fmt: skip
    manifest = publish(document, store, tmp_path)
    served = load_version(store, "classic", manifest.version)
    assert served.predict(served.read(tokens[:4].tolist())).shape == (4, 2)
    rows = [*tokens[:4].tolist(), [1, 2, 99, 3, 4], *tokens[4:8].tolist()]
    with pytest.raises(InputError, match=r"instances\[4\]: expected values that the network takes; .*99"):
        served.predict(served.read(rows))
