"""Sequences of different lengths, made one length: the step `pad_sequences`, named and meant as Keras'."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from models.errors import InputError

__all__ = ["POST", "PRE", "PadSequences", "are_ragged", "padding_of"]

Array = np.ndarray[Any, np.dtype[Any]]

PRE, POST = "pre", "post"
NAME = "pad_sequences"


def are_ragged(rows: Any) -> bool:
    """Whether rows are sequences of different lengths: `(rows,)` objects, each an array `(steps, *values)`."""
    return bool(rows.ndim == 1 and rows.dtype == object)


@dataclass(frozen=True, slots=True)
class PadSequences:
    """Every sequence gets `maxlen` steps, as `keras.utils.pad_sequences` does it.

    Args:
        maxlen: How many steps.
        padding: Where a shorter one is filled up: `pre` or `post`.
        truncating: Where a longer one is cut: `pre` keeps its end, `post` its beginning.
        value: What it is filled up with.
    """

    maxlen: int
    padding: str = PRE
    truncating: str = PRE
    value: float = 0.0

    def apply(self, batch: Array) -> Array:
        """Make `(batch, maxlen, *values) float32` of ragged rows, or of `(batch, steps, *values)` numbers.

        Raises:
            InputError: When a row has steps of other values than the first.
        """
        if not are_ragged(batch):
            return batch if batch.shape[1] == self.maxlen else self.padded(batch)
        return self.padded(batch.tolist())

    def padded(self, rows: Sequence[Array] | Array) -> Array:
        """`(batch, maxlen, *values) float32` of rows `(steps, *values)`, at least one."""
        shape = np.asarray(rows[0]).shape[1:]
        filled = np.full((len(rows), self.maxlen, *shape), self.value, np.float32)
        for index, given in enumerate(rows):
            row = np.asarray(given)
            if row.shape[1:] != shape:
                expected = f"steps of shape {list(shape)}"
                raise InputError(where=f"instances[{index}]", expected=expected, received=f"{list(row.shape[1:])}")
            kept = row[: self.maxlen] if self.truncating == POST else row[max(len(row) - self.maxlen, 0) :]
            place = slice(len(kept)) if self.padding == POST else slice(self.maxlen - len(kept), None)
            with np.errstate(over="ignore"):  # what float32 does not hold is infinite, which is looked for behind this
                filled[index, place] = kept
        return filled

    @classmethod
    def fit(cls, rows: Iterable[Any], arguments: Mapping[str, Any]) -> Self:
        """The step of a spec; without `maxlen` it is the longest of the training rows, each `(steps, *values)`."""
        maxlen = arguments.get("maxlen") or max(len(row) for row in rows)
        return cls(**{**arguments, "maxlen": int(maxlen)})

    @property
    def document(self) -> dict[str, Any]:
        """The step as the manifest keeps it."""
        return {NAME: asdict(self)}


def padding_of(steps: Sequence[Mapping[str, Any]]) -> PadSequences | None:
    """The step in a manifest's preprocessing, whose first it is; None where there is none."""
    found = steps[0].get(NAME) if steps else None
    return None if found is None else PadSequences(**found)
