"""What numbers in a row are: tokens of a vocabulary, or a series; and the padding of those of different lengths."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from models.preprocessing.instances import Array
from models.preprocessing.sequences import POST, PRE, are_ragged
from models.suggestions.raw_data import RawData

__all__ = ["Tokens", "are_series", "find_tokens", "longest", "padding_step"]

FEWEST_STEPS, SMALLEST_VOCABULARY, LARGEST_VOCABULARY = 4, 256, 2**20
MOST_ROWS = 2000
LONGEST_WHOLE = 256
SHARE_OF_ROWS = 0.95
"""Longer sequences than so many of all are cut, where the longest is very long."""
LIKE_ITS_NEIGHBOUR = 0.5
"""The correlation of neighbours above which numbers are a series: tokens do not grow into each other."""
SHORTEST_SERIES, SMOOTH = 16, 0.7
"""Steps of a series that comes without an axis of values, and the correlation of its neighbours."""
PADDED_ROWS, ALIKE_COLUMNS, OF_THE_LARGEST = 0.3, 0.8, 0.5


@dataclass(frozen=True, slots=True)
class Tokens:
    """Whole numbers that stand for words, events, items.

    Args:
        vocabulary: How many there are: one more than the largest.
        maxlen: How many steps a sequence has, or is brought to.
        padding: Where shorter ones are filled up: `pre` or `post`.
        is_zero_free: Whether 0 stands for nothing.
    """

    vocabulary: int
    maxlen: int
    padding: str
    is_zero_free: bool

    @property
    def steps(self) -> tuple[Any, ...]:
        """The preprocessing: padding with 0, or with a number of its own where 0 is a token."""
        value = {} if self.is_zero_free else {"value": self.vocabulary}
        return (padding_step(self.maxlen, self.padding, **value),)

    @property
    def input_dim(self) -> int:
        """Rows of the embedding."""
        return self.vocabulary if self.is_zero_free else self.vocabulary + 1


def padding_step(maxlen: int, padding: str = POST, **more: Any) -> dict[str, Any]:
    """The step of a spec."""
    return {"pad_sequences": {"maxlen": maxlen, "padding": padding, "truncating": padding, **more}}


def longest(dataset: RawData) -> int:
    """How many steps ragged rows are brought to: the longest, or where that is very long, what most rows have."""
    lengths = np.array([len(row) for row in dataset.features[:]])
    most = int(lengths.max())
    return most if most <= LONGEST_WHOLE else max(int(np.quantile(lengths, SHARE_OF_ROWS)), 1)


def find_tokens(dataset: RawData) -> Tokens | None:
    """The vocabulary of a data set whose rows are tokens; None where they are measurements."""
    if are_ragged(dataset.features):
        return _of_ragged(dataset)
    shape, dtype = dataset.instance_shape, dataset.features.dtype
    if len(shape) != 1 or shape[0] < FEWEST_STEPS or dtype.kind not in "iu" or dtype == np.uint8:
        return None
    rows = np.asarray(dataset.features[:MOST_ROWS]).astype(np.int64)
    leading, trailing = _zero_runs(rows), _zero_runs(rows[:, ::-1])
    is_padded = max((leading > 1).mean(), (trailing > 1).mean()) >= PADDED_ROWS
    if rows.min() < 0 or _neighbours(rows) > LIKE_ITS_NEIGHBOUR or not (is_padded or _are_alike(rows)):
        return None
    padding = PRE if leading.sum() > trailing.sum() else POST
    inner = rows.size - np.count_nonzero(rows) - int((leading if padding == PRE else trailing).sum())
    largest = int(np.asarray(dataset.features[:]).max())
    return Tokens(largest + 1, shape[0], padding, is_zero_free=inner == 0) if largest < LARGEST_VOCABULARY else None


def are_series(rows: Array) -> bool:
    """Whether numbers in a row are steps of a series: each is much like the one before, beyond what all rows share.

    Args:
        rows: `(rows, steps)` of any numeric dtype.
    """
    some = np.asarray(rows[:MOST_ROWS], np.float64)
    if some.shape[1] < SHORTEST_SERIES or not np.isfinite(some).all():
        return False
    spread = some.std(axis=0)
    own = (some - some.mean(axis=0)) / np.where(spread > 0, spread, 1)
    return bool((own[:, 1:] * own[:, :-1]).mean() > SMOOTH)


def _of_ragged(dataset: RawData) -> Tokens | None:
    if any(row.ndim != 1 for row in dataset.features[:]):
        return None
    values = np.concatenate(list(dataset.features[:]))
    if (values % 1).any() or values.min() < 0 or values.max() >= LARGEST_VOCABULARY:
        return None
    return Tokens(int(values.max()) + 1, longest(dataset), POST, is_zero_free=bool(values.min() > 0))


def _zero_runs(rows: Array) -> Array:
    """How many zeros each row begins with: `(rows,) int64`; all of one that has no other number."""
    others = rows != 0
    return np.asarray(np.where(others.any(axis=1), others.argmax(axis=1), rows.shape[1]))


def _are_alike(rows: Array) -> bool:
    """Whether the numbers are many, and those of all columns reach equally far, as words may stand anywhere."""
    largest = int(rows.max())
    reach = (rows.max(axis=0) >= OF_THE_LARGEST * largest).mean()
    return largest >= SMALLEST_VOCABULARY and bool(reach >= ALIKE_COLUMNS)


def _neighbours(rows: Array) -> float:
    """The correlation of numbers with the next one, of those that are no padding."""
    first, second = rows[:, :-1].reshape(-1), rows[:, 1:].reshape(-1)
    known = (first != 0) & (second != 0)
    if known.sum() < FEWEST_STEPS or not (first[known].std() and second[known].std()):
        return 0.0
    return float(np.corrcoef(first[known], second[known])[0, 1])
