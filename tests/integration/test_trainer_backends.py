"""One spec on every backend that is installed: three versions of one model, served alike.

`make test-backends` runs this where jax and torch are installed; elsewhere only tensorflow is.
"""

import os
import subprocess
import sys

import numpy as np
import onnxruntime
import pytest

from models.settings import Settings
from models.spec import load_spec
from models.store.store import Store
from trainer.backends.choice import is_installed
from trainer.fit.progress import NullObserver
from trainer.launch.subprocess_training import train_in_subprocess

pytestmark = pytest.mark.timeout(900)
BACKENDS = [backend for backend in ("tensorflow", "jax", "torch") if is_installed(backend)]


def digits(backend: str):
    return {
        "model": "digits",
        "backend": backend,
        "seed": 7,
        "data": {"source": "sklearn://digits"},
        "preprocessing": [{"rescale": {"scale": 0.0625}}, {"reshape": [8, 8, 1]}],
        "layers": [{"Conv2D": {"filters": 16, "kernel_size": 3, "activation": "gelu"}}, "MaxPooling2D", "Flatten",
                   {"Dropout": {"rate": 0.3}}, {"Dense": {"units": 10, "activation": "softmax"}}],
        "compile": {"optimizer": {"Adam": {"learning_rate": 0.003}}, "loss": "categorical_crossentropy",
                    "metrics": ["accuracy"]},
        "fit": {"epochs": 12, "batch_size": 32},
    }  # fmt: skip


def classic(backend: str, folder):
    rng = np.random.default_rng(5)
    features = rng.random((4000, 8), dtype=np.float32)
    np.savez(folder / "classic.npz", x=features, y=np.digitize(features[:, :3].sum(axis=1), [1.3, 1.7]))
    decay = {"CosineDecay": {"initial_learning_rate": 0.02, "decay_steps": 3000}}
    units = [(12, "relu"), (8, "relu"), (3, "softmax")]
    return {
        "model": "classic",
        "backend": backend,
        "data": {"source": "classic.npz", "validation": 0.1, "test": 0.3},
        "layers": [{"Dense": {"units": one, "activation": activation}} for one, activation in units],
        "compile": {"optimizer": {"Adam": {"learning_rate": decay}}, "loss": "categorical_crossentropy",
                    "metrics": ["accuracy"]},
        "fit": {"epochs": 40, "batch_size": 32},
    }  # fmt: skip


@pytest.mark.parametrize("make", [digits, classic], ids=["digits", "classic"])
def test_versions_of_every_backend_are_served_alike(tmp_path, monkeypatch, make) -> None:
    """Each in a process of its own; the graphs answer what the backend computed, and are equally good."""
    monkeypatch.setenv("ONEHOT_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("ONEHOT_DATA_ROOTS", str(tmp_path))
    store = Store.open(Settings(store=str(tmp_path / "store")).store)
    accuracies = []
    for backend in BACKENDS:
        spec = load_spec(make(backend) if make is digits else make(backend, tmp_path))
        manifest = train_in_subprocess(spec, store=store, job_id=backend, observer=NullObserver())
        assert manifest.backend == backend
        session = onnxruntime.InferenceSession(store.read(manifest, "model.onnx"))
        inputs = manifest.fitted_preprocessing.apply(np.asarray(manifest.golden_rows.instances, np.float32))
        (answer,) = session.run(None, {"x": inputs})
        assert np.abs(answer - manifest.golden_rows.predictions).max() <= 1e-5
        accuracies.append(manifest.metrics["accuracy"])
    print(dict(zip(BACKENDS, accuracies, strict=True)))
    assert min(accuracies) > 0.95
    assert max(accuracies) - min(accuracies) <= 0.01


@pytest.mark.parametrize("precision", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("backend", [backend for backend in BACKENDS if backend != "tensorflow"])
def test_mixed_precision_trains_and_is_served(tmp_path, monkeypatch, backend, precision) -> None:
    """What is served answers as the network that was published, which computes in float32."""
    monkeypatch.setenv("ONEHOT_STORE", str(tmp_path / "store"))
    store = Store.open(tmp_path / "store")
    spec = load_spec({**digits(backend), "fit": {"epochs": 4, "batch_size": 32, "precision": precision}})
    manifest = train_in_subprocess(spec, store=store, job_id=precision, observer=NullObserver())
    session = onnxruntime.InferenceSession(store.read(manifest, "model.onnx"))
    inputs = manifest.fitted_preprocessing.apply(np.asarray(manifest.golden_rows.instances, np.float32))
    (answer,) = session.run(None, {"x": inputs})
    assert np.abs(answer - manifest.golden_rows.predictions).max() <= 1e-3
    assert manifest.metrics["accuracy"] > 0.9


@pytest.mark.skipif(not is_installed("jax"), reason="jax is not installed here")
def test_a_file_of_jax_exports_under_tensorflow() -> None:
    """The same answers within 1e-5, with a layer that the export has to mend."""
    program = """
import keras, numpy as np
from trainer.export.onnx_export import export_onnx
from trainer.data.head import Head
from trainer.export.parity import check_parity
network = keras.Sequential([keras.Input((6,)), keras.layers.Normalization(mean=0.1, variance=2.0),
                            keras.layers.Dense(5, activation="celu"), keras.layers.Dense(3, activation="softmax")])
rows = np.random.default_rng(0).normal(size=(20, 6)).astype("float32")
graph = export_onnx(network, Head("softmax", 3))
parity = check_parity(graph, rows, network.predict(rows, verbose=0), precision="float32")
print(keras.backend.backend(), parity.largest_difference < 1e-5)
"""
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.split() == ["jax", "True"]
