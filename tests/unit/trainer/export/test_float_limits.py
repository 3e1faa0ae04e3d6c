"""Rows at the ends of what float32 can hold, as Keras computes them and as they are served."""

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
import pytest

from service.inference.onnx_session import Graph
from trainer.data.head import Head
from trainer.export.onnx_export import export_onnx

L = keras.layers
SUBNORMAL = (1e-40, -1e-40, 1e-45)
LARGE = (1e19, 1e30, -1e30)
NETWORKS: Mapping[str, Callable[[], tuple[tuple[int, ...], list[Any]]]] = {
    "Dense": lambda: ((8,), [L.Dense(12, activation="relu"), L.Dense(12, activation="tanh")]),
    "Conv2D": lambda: ((8, 8, 1), [L.Conv2D(4, 3, activation="relu"), L.MaxPooling2D(), L.Flatten()]),
    "LSTM behind Masking": lambda: ((6, 3), [L.Masking(), L.LSTM(4)]),
    "mean behind Masking": lambda: ((6, 3), [L.Dense(3), L.Masking(), L.GlobalAveragePooling1D()]),
}


@pytest.fixture(params=NETWORKS)
def network(request: pytest.FixtureRequest) -> keras.Sequential:
    keras.utils.set_random_seed(3)
    shape, layers = NETWORKS[request.param]()
    return keras.Sequential([keras.Input(shape), *layers, L.Dense(3, activation="softmax")])


def rows_with(value: float, shape: tuple[int, ...]) -> np.ndarray:
    """Ordinary rows whose second and third step, or number, has this value; and rows of nothing else."""
    rows = np.random.default_rng(0).random((4, *shape), dtype=np.float32)
    rows[:2, 1:3] = rows[2:] = value
    return rows


@pytest.mark.parametrize("value", [*SUBNORMAL, *LARGE])
def test_rows_are_served_as_keras_computes_them(network: keras.Sequential, value: float) -> None:
    """Subnormal numbers do not hide a step that training masked; up to 1e30 nothing overflows."""
    rows = rows_with(value, network.input_shape[1:])
    served = Graph(export_onnx(network, Head("softmax", 3))).run(rows)
    assert np.allclose(served, network.predict(rows, verbose=0), rtol=0, atol=1e-5, equal_nan=True)
