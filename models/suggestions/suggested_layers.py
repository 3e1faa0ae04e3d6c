"""The hidden layers of a suggested spec: dense for tables, convolutions for images and series."""

from typing import Any

__all__ = ["IMAGE", "SERIES", "TABLE", "suggest_layers"]

TABLE, IMAGE, SERIES = "table", "image", "series"
SMALLEST_SIDE = 8
MOST_STAGES = 4
FIRST_FILTERS = 32
LONGEST_FLAT_SERIES = 128
WEIGHT_DECAY = 0.003


def suggest_layers(kind: str, shape: tuple[int, ...]) -> list[Any]:
    """Layers for instances of this kind and shape, without the last one.

    Args:
        kind: `table`, `image` or `series`.
        shape: As the network takes it: `(features,)`, `(height, width, channels)` or `(steps, channels)`.
    """
    if kind == IMAGE:
        return _convolutions(shape)
    if kind == SERIES:
        return _series(shape)
    flat: list[Any] = [] if len(shape) == 1 else ["Flatten"]
    return [*flat, *(_regularized(units) for units in (64, 32))]


def _regularized(units: int) -> Any:
    """Few rows of many columns are learned by heart without it."""
    return {"Dense": {"units": units, "activation": "relu", "kernel_regularizer": {"L2": {"l2": WEIGHT_DECAY}}}}


def _convolutions(shape: tuple[int, ...]) -> list[Any]:
    """Stages of convolution and pooling until little more than SMALLEST_SIDE is left."""
    layers: list[Any] = []
    side, filters = min(shape[:2]), FIRST_FILTERS
    for _ in range(MOST_STAGES):
        layers.append({"Conv2D": {"filters": filters, "kernel_size": 3, "padding": "same", "activation": "relu"}})
        if side < SMALLEST_SIDE:
            break
        layers.append("MaxPooling2D")
        side, filters = side // 2, filters * 2
    return [*layers, "Flatten", {"Dropout": {"rate": 0.3}}, {"Dense": {"units": 64, "activation": "relu"}}]


def _series(shape: tuple[int, ...]) -> list[Any]:
    steps = shape[0]
    kernel = min(5, steps)
    end = "Flatten" if steps <= LONGEST_FLAT_SERIES else "GlobalAveragePooling1D"
    first = {"Conv1D": {"filters": 32, "kernel_size": kernel, "padding": "same", "activation": "relu"}}
    second = {"Conv1D": {"filters": 64, "kernel_size": kernel, "padding": "same", "activation": "relu"}}
    pooling: list[Any] = ["MaxPooling1D"] if steps >= 4 else []
    return [first, *pooling, second, end, {"Dropout": {"rate": 0.3}}]
