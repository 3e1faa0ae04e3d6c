import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.spec import Spec, load_spec
from trainer.backends.choice import choose_backend

choose_backend(os.environ.get("TRAINER_BACKEND", "tensorflow"))

DENSE = [{"Dense": {"units": 6, "activation": "relu"}}, {"Dense": {"units": 3, "activation": "softmax"}}]


def three_blobs(rows: int = 60) -> tuple[Any, Any]:
    """Three well separated classes of four numbers."""
    rng = np.random.default_rng(3)
    labels = np.arange(rows) % 3
    return (rng.normal(size=(rows, 4)) + 4 * np.eye(4)[labels]).astype(np.float32), labels


@pytest.fixture
def data_root(tmp_path: Path) -> Path:
    """A data root with `blobs.npz` in it."""
    features, labels = three_blobs()
    np.savez(tmp_path / "blobs.npz", x=features, y=labels)
    return tmp_path


@pytest.fixture
def make_spec() -> Callable[..., Spec]:
    """Make a spec from a small valid one, with some of its keys changed."""

    def make(**changes: Any) -> Spec:
        document: dict[str, Any] = {
            "model": "blobs",
            "seed": 7,
            "data": {"source": "blobs.npz", "validation": 0.2, "test": 0.2},
            "layers": DENSE,
            "compile": {"optimizer": "adam", "loss": "categorical_crossentropy", "metrics": ["accuracy"]},
            "fit": {"epochs": 2, "batch_size": 8},
        }
        for key, value in changes.items():
            merged = {**document.get(key, {}), **value} if isinstance(value, Mapping) else value
            document[key] = merged
        return load_spec(document)

    return make
