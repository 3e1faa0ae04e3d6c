"""The hidden layers of a suggested spec: dense for tables, convolutions for images and series, recurrent for tokens."""

from typing import Any

__all__ = ["IMAGE", "SERIES", "TABLE", "TOKENS", "suggest_layers"]

TABLE, IMAGE, SERIES, TOKENS = "table", "image", "series", "tokens"
SMALLEST_SIDE = 8
MOST_STAGES = 4
FIRST_FILTERS = 32
LONGEST_FLAT_SERIES = 512
LONGEST_KERNEL = 9
WEIGHT_DECAY = 0.003
EMBEDDED, RECURRENT_UNITS = 32, 32


def suggest_layers(
    kind: str, shape: tuple[int, ...], *, vocabulary: int = 0, is_masked: bool = False
) -> list[Any]:  # fmt: skip
    """Layers for instances of this kind and shape, without the last one.

    Args:
        kind: `table`, `image`, `series` or `tokens`.
        shape: As the network takes it: `(features,)`, `(height, width, channels)`, `(steps, channels)` or `(steps,)`.
        vocabulary: Of tokens: how many rows their embedding has.
        is_masked: Whether 0 stands for no token, which layers pass over.
    """
    if kind == TOKENS:
        return _tokens(vocabulary, is_masked=is_masked)
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


def _tokens(vocabulary: int, *, is_masked: bool) -> list[Any]:
    embedding: dict[str, Any] = {"input_dim": vocabulary, "output_dim": EMBEDDED}
    masking = {"mask_zero": True} if is_masked else {}
    return [{"Embedding": embedding | masking}, {"LSTM": {"units": RECURRENT_UNITS}}, {"Dropout": {"rate": 0.3}}]


def _series(shape: tuple[int, ...]) -> list[Any]:
    steps = shape[0]
    kernel = min(LONGEST_KERNEL, steps)
    end = "Flatten" if steps <= LONGEST_FLAT_SERIES else "GlobalAveragePooling1D"
    first = {"Conv1D": {"filters": 32, "kernel_size": kernel, "padding": "same", "activation": "relu"}}
    second = {"Conv1D": {"filters": 64, "kernel_size": kernel, "padding": "same", "activation": "relu"}}
    pooling: list[Any] = ["MaxPooling1D"] if steps >= 4 else []
    return [first, *pooling, second, end, {"Dropout": {"rate": 0.3}}]
