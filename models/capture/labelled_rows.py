"""Captured rows and true labels put together: each row once, with the label that came last."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np

from models.capture.feedback_items import FeedbackItem, Label
from models.capture.label_reading import predicted_classes
from models.capture.segment_format import CapturedRows, Layout
from models.names import REGRESSION
from models.preprocessing.instances import Array

__all__ = ["NONE", "Codes", "JoinedRows", "LabelFacts", "RowFacts", "join", "keys_of"]

KEY_BYTES = 16
NONE = -1
"""Stands for no label, and for one that means none of a version's classes."""


class Codes:
    """Numbers for values, given in the order in which they are first seen."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._codes: dict[Any, int] = {}

    def of(self, values: Iterable[Any]) -> Array:
        """The numbers of values that can be keys: `(values,) int64`."""
        return np.fromiter((self._code(one) for one in values), np.int64)

    def _code(self, value: Any) -> int:
        # 1, 1.0 and true are one key to Python, and three labels.
        key = type(value), repr(value) if isinstance(value, tuple) else value
        found = self._codes.setdefault(key, len(self.values))
        if found == len(self.values):
            self.values.append(value)
        return found


@dataclass(frozen=True, slots=True)
class RowFacts:
    """What quality needs of the rows of a segment.

    Args:
        layout: Of the rows.
        keys: `(rows,) S16`, of request and index.
        at_s: `(rows,) float64`.
        predicted: `(rows,) int64` codes of classes; `(rows, outputs) float64` of a regression.
    """

    layout: Layout
    keys: Array
    at_s: Array
    predicted: Array

    @classmethod
    def of(cls, rows: CapturedRows, codes: Codes) -> "RowFacts":
        """Of captured rows."""
        if rows.layout.task == REGRESSION:
            predicted = rows.outputs.reshape(len(rows), -1).astype(np.float64)
        else:
            predicted = codes.of(predicted_classes(rows.outputs, rows.layout))
        ids = [one.decode() for one in rows.request_ids.tolist()]
        return cls(rows.layout, keys_of(ids, rows.indexes.tolist()), rows.at_s, predicted)


@dataclass(frozen=True, slots=True)
class LabelFacts:
    """What quality needs of a segment of labels.

    Args:
        keys: As `RowFacts`.
        received_ns: `(labels,) int64`.
        labels: `(labels,) int64` codes.
        models: `(labels,) int64` codes; that of None where it is about whichever model.
    """

    keys: Array
    received_ns: Array
    labels: Array
    models: Array

    @classmethod
    def of(cls, items: Sequence[FeedbackItem], codes: Codes) -> "LabelFacts":
        """Of labels as they were told."""
        keys = keys_of([one.request_id for one in items], [one.index for one in items])
        received_ns = np.fromiter((one.received_ns for one in items), np.int64)
        return cls(keys, received_ns, codes.of(_hashable(one.label) for one in items),
                   codes.of(one.model for one in items))  # fmt: skip


def _hashable(label: Label) -> Any:
    return tuple(label) if isinstance(label, list) else label


def keys_of(request_ids: Sequence[str], indexes: Sequence[int]) -> Array:
    """The keys of rows, `(rows,)` of dtype S16: digests, of which no two of a store are alike by chance."""
    texts = (f"{one} {index}".encode() for one, index in zip(request_ids, indexes, strict=True))
    return np.frombuffer(b"".join(blake2b(text, digest_size=KEY_BYTES).digest() for text in texts), f"S{KEY_BYTES}")


@dataclass(frozen=True, slots=True)
class JoinedRows:
    """The captured rows of a model, each once, with their labels.

    Args:
        layouts: That there are.
        layout: `(rows,) int64`, the place of each row's among them.
        segment: `(rows,) int64`, the place of the row's segment among those that were joined.
        place: `(rows,) int64`, its place in that.
        at_s: `(rows,) float64`.
        label: `(rows,) int64` codes; `NONE` where there is none.
    """

    layouts: tuple[Layout, ...]
    layout: Array
    segment: Array
    place: Array
    at_s: Array
    label: Array

    def take(self, chosen: Array) -> "JoinedRows":
        """These rows only: a mask `(rows,) bool`, or places `(chosen,) int64`."""
        arrays = (self.layout, self.segment, self.place, self.at_s, self.label)
        return JoinedRows(self.layouts, *(one[chosen] for one in arrays))

    def of(self, *, since_s: float | None = None, until_s: float | None = None, version: int | None = None,
           task: str | None = None) -> "JoinedRows":  # fmt: skip
        """Those of a time, of a version, of a task."""
        chosen = np.ones(len(self.at_s), dtype=bool)
        if since_s is not None:
            chosen &= self.at_s >= since_s
        if until_s is not None:
            chosen &= self.at_s < until_s
        fits = [version in (None, one.version) and task in (None, one.task) for one in self.layouts]
        return self.take(chosen & np.array(fits, dtype=bool)[self.layout])

    @property
    def labelled(self) -> "JoinedRows":
        """Those that have a label, whatever it says."""
        return self.take(self.label != NONE)

    @property
    def newest(self) -> Layout | None:
        """The layout of the highest version."""
        return max((self.layouts[one] for one in set(self.layout.tolist())), key=lambda one: one.version, default=None)


def join(rows: Sequence[RowFacts], labels: Sequence[LabelFacts], codes: Codes, *, model: str) -> JoinedRows:
    """Put rows and labels together by request and index.

    Of a row that was captured twice, as its request was sent again, the one that was computed last counts; of its
    labels the one that came last.

    Args:
        rows: Of the segments of a model.
        labels: Of segments of labels, in the order of their names.
        codes: That both were made with.
        model: The model's name.
    """
    layouts = tuple(dict.fromkeys(one.layout for one in rows))
    lengths = [len(one.at_s) for one in rows]
    joined = JoinedRows(
        layouts,
        np.repeat([layouts.index(one.layout) for one in rows], lengths).astype(np.int64),
        np.repeat(np.arange(len(rows)), lengths),
        np.concatenate([np.arange(length) for length in lengths] or [np.zeros(0, np.int64)]),
        _column(rows, "at_s", np.float64),
        np.full(sum(lengths), NONE, np.int64),
    )
    keys = _column(rows, "keys", f"S{KEY_BYTES}")
    last = _last_of_each(keys, joined.at_s)
    found = joined.take(last)
    found.label[:] = _labels_of(keys[last], labels, codes, model)
    return found.take(np.lexsort((found.place, found.segment, found.at_s)))


def _column(facts: Sequence[Any], name: str, dtype: Any) -> Array:
    return np.concatenate([getattr(one, name) for one in facts] or [np.zeros(0, dtype)]).astype(dtype, copy=False)


def _last_of_each(keys: Array, order: Array) -> Array:
    """The place of the last of each key, `(keys,) int64`, sorted by key; of equal ones the one that stands last."""
    places = np.lexsort((order, keys))
    inner = keys[places]
    last: Array = places[np.append(inner[1:] != inner[:-1], np.ones(min(len(inner), 1), dtype=bool))]
    return last


def _labels_of(keys: Array, labels: Sequence[LabelFacts], codes: Codes, model: str) -> Array:
    """The code of the label of each key, or `NONE`; the keys are sorted."""
    about = _column(labels, "models", np.int64)
    chosen = np.isin(about, codes.of([None, model]))
    told = _column(labels, "keys", f"S{KEY_BYTES}")[chosen]
    last = _last_of_each(told, _column(labels, "received_ns", np.int64)[chosen])
    told, said = told[last], _column(labels, "labels", np.int64)[chosen][last]
    if not len(told):
        return np.full(len(keys), NONE, np.int64)
    places = np.minimum(np.searchsorted(told, keys), len(told) - 1)
    found: Array = np.where(told[places] == keys, said[places], NONE)
    return found
