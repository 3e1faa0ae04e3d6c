"""The features of a data set, and the preprocessing that fits them."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models.preprocessing.sequences import are_ragged
from models.suggestions.raw_data import RawData
from models.suggestions.suggested_layers import IMAGE, SERIES, TABLE, TOKENS
from models.suggestions.suggested_sequences import are_series, find_tokens, longest, padding_step
from models.suggestions.suggested_table import suggest_table

__all__ = ["Features", "suggest_features"]

MOST_CHANNELS = 16
PIXEL = 255
MOST_ROWS = 2000
STANDARDIZED = ("standardize",)
ROWS_AT_ONCE = 1024


@dataclass(frozen=True, slots=True)
class Features:
    """The features to learn from, and their preprocessing.

    Args:
        kind: `table`, `image`, `series` or `tokens`.
        network_shape: The shape after the steps, without the samples axis; of a table the raw columns.
        steps: The preprocessing.
        meaning: One instance, in words.
        chosen: The columns or the array to be used, where they have names.
        notes: Why others are left out, and what to look at.
        vocabulary: Of tokens: how many rows their embedding has.
        is_masked: Whether 0 stands for no token.
    """

    kind: str
    network_shape: tuple[int, ...]
    steps: tuple[Any, ...]
    meaning: str
    chosen: tuple[str, ...] | str | None = None
    notes: tuple[str, ...] = ()
    vocabulary: int = 0
    is_masked: bool = False


def suggest_features(dataset: RawData) -> Features:
    """Choose features and steps by the values and the shape of a data set."""
    if dataset.columns is not None:
        table = suggest_table(dataset)
        if table.steps == STANDARDIZED and are_series(_chosen_numbers(dataset, table.chosen)):
            return replace(_flat_series(len(table.chosen)), chosen=table.chosen, notes=table.notes)
        return Features(TABLE, (len(table.chosen),), table.steps, table.meaning, table.chosen, table.notes)
    return replace(_arrays(dataset), chosen=dataset.features_name)


def _arrays(dataset: RawData) -> Features:
    shape = dataset.instance_shape
    if _is_digits(dataset):
        return _image(dataset, (8, 8, 1))
    sequences = _sequences(dataset)
    if sequences is not None:
        return sequences
    if len(shape) == 1:
        is_series = dataset.features.dtype.kind == "f" and are_series(np.asarray(dataset.features[:MOST_ROWS]))
        numbers = Features(TABLE, shape, STANDARDIZED, f"{shape[0]} numbers")
        return _flat_series(shape[0]) if is_series else numbers
    if _is_image(dataset):
        return _image(dataset, (shape[0], shape[1], shape[2] if len(shape) == 3 else 1))
    if len(shape) == 2:
        return Features(SERIES, shape, ("standardize",), f"a series of {shape[0]} steps with {shape[1]} values each")
    return Features(TABLE, shape, ("standardize",), f"an array of shape {list(shape)}")


def _flat_series(steps: int) -> Features:
    """Of one value a step, which gets an axis of its own."""
    return Features(SERIES, (steps, 1), ({"reshape": [steps, 1]}, "standardize"), f"a series of {steps} steps")


def _chosen_numbers(dataset: RawData, chosen: tuple[str, ...]) -> Any:
    """The first rows of these columns, `(rows, columns) float64`."""
    names = [column.name for column in dataset.columns or ()]
    rows = np.asarray(dataset.features[:MOST_ROWS])
    return rows[:, [names.index(name) for name in chosen]].astype(np.float64)


def _sequences(dataset: RawData) -> Features | None:
    """Tokens, and series of different lengths; None of other arrays."""
    tokens = find_tokens(dataset)
    if tokens is None:
        return _ragged_series(dataset) if are_ragged(dataset.features) else None
    meaning = f"up to {tokens.maxlen} tokens of a vocabulary of {tokens.vocabulary}"
    return Features(
        TOKENS, (tokens.maxlen,), tokens.steps, meaning, vocabulary=tokens.input_dim, is_masked=tokens.is_zero_free
    )


def _ragged_series(dataset: RawData) -> Features:
    """Series of different lengths; those of one value a step get an axis for it."""
    maxlen, values = longest(dataset), dataset.features[0].shape[1:]
    steps: list[Any] = [padding_step(maxlen)]
    steps += [{"reshape": [maxlen, 1]}] if not values else []
    meaning = f"a series of up to {maxlen} steps"
    return Features(SERIES, (maxlen, *(values or (1,))), (*steps, "standardize"), meaning)


def _is_digits(dataset: RawData) -> bool:
    """scikit-learn's digits come flat, and are known to be images."""
    return dataset.source == "sklearn://digits"


def _is_image(dataset: RawData) -> bool:
    """Bytes are pixels; other numbers are an image when their shape says so more than it says a series."""
    shape = dataset.instance_shape
    if len(shape) == 3:
        return shape[2] in (1, 3, 4)
    if len(shape) != 2:
        return False
    return dataset.features.dtype == np.uint8 or (shape[0] == shape[1] and shape[1] > MOST_CHANNELS)


def _image(dataset: RawData, shape: tuple[int, int, int]) -> Features:
    most = _largest(dataset)
    steps: list[Any] = [{"rescale": {"scale": round(1 / most, 8)}}] if most > 1 else []
    if dataset.instance_shape != shape:
        steps.append({"reshape": list(shape)})
    height, width, channels = shape
    meaning = f"an image {width} wide and {height} high with {channels} channel{'s' if channels > 1 else ''}"
    return Features(IMAGE, shape, tuple(steps), meaning)


def _largest(dataset: RawData) -> float:
    """The largest value; of bytes what a byte can hold."""
    if dataset.features.dtype == np.uint8:
        return PIXEL
    features = dataset.features
    starts = range(0, len(features), ROWS_AT_ONCE)
    return max(float(np.abs(features[start : start + ROWS_AT_ONCE]).max()) for start in starts)
