"""The models of the bench: four small networks, trained for a moment by the trainer and published for real."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from models.store.store import Store

__all__ = ["Published", "publish_models"]

ROOT = Path(__file__).parent.parent


def _dense(units: int, activation: str = "relu") -> dict[str, Any]:
    return {"Dense": {"units": units, "activation": activation}}


def _convolution(filters: int) -> dict[str, Any]:
    return {"Conv2D": {"filters": filters, "kernel_size": 3, "activation": "relu"}}


SOFTMAX = _dense(10, "softmax")
NETWORKS: dict[str, tuple[list[Any], tuple[int, ...], int]] = {
    "mlp": ([_dense(12), _dense(8), _dense(3, "softmax")], (8,), 3),
    "cnn": ([_convolution(32), "MaxPooling2D", _convolution(64), "MaxPooling2D", "Flatten", SOFTMAX], (28, 28, 1), 10),
    "cnn128": ([_convolution(32), _convolution(64), "MaxPooling2D", "Flatten", _dense(128), SOFTMAX], (28, 28, 1), 10),
    "dense": ([_dense(512), SOFTMAX], (784,), 10),
}
"""Layers, shape of an instance, classes. `cnn` is the network of Keras' example for MNIST; `cnn128` that of its first
one, which tutorials still have."""


@dataclass(frozen=True)
class Published:
    """What `publish_models` has published, in the folder `store` of this folder."""

    folder: Path

    def graph(self, model: str) -> Path:
        """The ONNX file of a model."""
        return self.folder / "store" / model / "1" / "model.onnx"

    def network(self, model: str) -> Path:
        """The Keras file of a model."""
        return self.folder / "store" / model / "1" / "model.keras"

    def copy_model(self, model: str, store: str, copies: int) -> None:
        """Publish a model again under the names `model-1` … in a store of its own."""
        for number in range(1, copies + 1):
            self._publish(model, store, f"{model}-{number}")

    def publish_again(self, store: str, name: str) -> None:
        """Publish the next version of a copied model."""
        self._publish(name.rpartition("-")[0], store, name)

    def _publish(self, model: str, store: str, name: str) -> None:
        origin = Store.open(self.folder / "store")
        manifest = origin.manifest(model, 1)
        files = {file: origin.read(manifest, file) for file in manifest.files}
        draft = replace(manifest, model=name, job_id=uuid4().hex, version=0)
        Store.open(self.folder / store).publish(draft, files, promote=True)


def publish_models(folder: Path) -> Published:
    """Train each network for one epoch on noise and publish it."""
    rng = np.random.default_rng(5)
    for name, (layers, shape, classes) in NETWORKS.items():
        x = rng.random((200, *shape)).astype(np.float32)
        np.savez(folder / f"{name}.npz", x=x, y=rng.integers(0, classes, 200))
        spec = {
            "model": name, "seed": 7, "data": {"source": str(folder / f"{name}.npz"), "features": "x", "target": "y"},
            "layers": layers, "compile": {"optimizer": "adam", "loss": "categorical_crossentropy"},
            "fit": {"epochs": 1, "batch_size": 50},
        }  # fmt: skip
        (folder / f"{name}.yaml").write_text(json.dumps(spec))
        environment = {**os.environ, "ONEHOT_STORE": str(folder / "store"), "ONEHOT_DATA_ROOTS": str(folder),
                       "TF_CPP_MIN_LOG_LEVEL": "3"}  # fmt: skip
        subprocess.run([sys.executable, "-m", "trainer", str(folder / f"{name}.yaml")], cwd=ROOT, env=environment,
                       check=True, capture_output=True)  # fmt: skip
    return Published(folder)
