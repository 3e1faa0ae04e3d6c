"""Arrays as `fit` takes them, as files that the service keeps."""

from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np

__all__ = ["Rows", "split_last"]

PLAIN_BYTES = 16 * 2**20
"""Of arrays that are sent as they are; larger ones are compressed."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Features and targets of the same rows.

    Args:
        x: `(rows, *instance shape)`, of numbers.
        y: `(rows,)` or `(rows, outputs)`: class numbers, one-hot or multi-hot rows, or numbers to predict.
    """

    x: Any
    y: Any

    @classmethod
    def of(cls, x: Any, y: Any, *, name: str) -> "Rows":
        """Check arrays, lists or frames.

        Args:
            x: The features: of any dtype of numbers, `(rows, *instance shape)`.
            y: The targets: of any dtype of numbers, `(rows,)` or `(rows, outputs)`.
            name: What they are called in errors: `x, y` or `validation_data`.

        Raises:
            ValueError: When they are no such arrays; says what was expected.
        """
        features, targets = _numbers(x, f"{name}: features"), _numbers(y, f"{name}: targets")
        if len(features) != len(targets) or not len(features):
            raise ValueError(f"{name}: expected as many targets as instances; "
                             f"received {len(targets)} and {len(features)}")  # fmt: skip
        return cls(features, targets)

    @classmethod
    def of_pair(cls, pair: Any, *, name: str) -> "Rows":
        """The same of a pair `(x, y)`, each of the shape and the dtype that `of` takes."""
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise ValueError(f"{name}: expected (x, y); received {type(pair).__name__} of "
                             f"{len(pair) if hasattr(pair, '__len__') else 'unknown length'}")  # fmt: skip
        return cls.of(*pair, name=name)

    def npz(self) -> bytes:
        """An archive with the arrays `x` and `y`."""
        content = BytesIO()
        save = np.savez if self.x.nbytes + self.y.nbytes <= PLAIN_BYTES else np.savez_compressed
        save(content, x=self.x, y=self.y)
        return content.getvalue()


def split_last(rows: Rows, share: float) -> tuple[Rows, Rows | None]:
    """The first rows, and the share of the last ones, as Keras' `validation_split` takes them.

    Both keep the shape of an instance and the dtype.

    Raises:
        ValueError: When one of the two would be empty.
    """
    if not share:
        return rows, None
    at = int(len(rows.x) * (1.0 - share))
    if not 0 < share < 1 or not 0 < at < len(rows.x):
        raise ValueError(f"validation_split: expected a share that leaves rows to train on; "
                         f"received {share} of {len(rows.x)} rows")  # fmt: skip
    return Rows(rows.x[:at], rows.y[:at]), Rows(rows.x[at:], rows.y[at:])


def _numbers(values: Any, name: str) -> Any:
    """An array of numbers, floats as float32, as Keras computes."""
    if (hasattr(values, "take") and hasattr(values, "batch")) or hasattr(values, "__next__"):
        raise ValueError(f"{name}: expected an array; received {type(values).__name__}: turn it into arrays before")
    array = np.asarray(values.to_numpy() if hasattr(values, "to_numpy") else values)
    if array.dtype.kind not in "biuf" or not array.ndim:
        raise ValueError(f"{name}: expected numbers; received dtype {array.dtype}, shape {list(array.shape)}")
    return array.astype(np.float32) if array.dtype.kind == "f" else array
