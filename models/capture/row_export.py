"""Captured rows as documents, for those who label them: the least sure first, where that is asked for."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import numpy as np
from obstore.store import ObjectStore

from models.capture.captured_source import CapturedSource
from models.capture.label_reading import predicted_classes, sureness
from models.capture.labelled_rows import NONE, JoinedRows
from models.capture.quality_index import MOST_PASSES, Known
from models.capture.segment_format import CapturedRows, decode
from models.capture.segments import read_segment
from models.errors import StoreUnavailable
from models.names import REGRESSION
from models.preprocessing.instances import Array

__all__ = ["export_rows"]


def export_rows(
    objects: ObjectStore, look: Callable[[], Known], source: CapturedSource, *, labelled: bool | None = None,
    is_least_sure_first: bool = False, limit: int | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """Captured rows with what was predicted, and their label where there is one.

    Args:
        objects: The store.
        look: Gives the rows of the model as the store has them now.
        source: Which of them.
        labelled: Only rows with a label, or only rows without; both when None.
        is_least_sure_first: Whether what the version was least sure of comes first; else the newest does.
        limit: At most so many.

    Raises:
        StoreUnavailable: When the store does not answer.
    """
    for _ in range(MOST_PASSES):
        with suppress(_SegmentGone):
            known = look()
            chosen = known.joined.of(**source.of_rows)
            if labelled is not None:
                chosen = chosen.take((chosen.label != NONE) == labelled)
            chosen = chosen.take(np.arange(len(chosen.at_s))[::-1])  # the newest first
            if is_least_sure_first:
                chosen = chosen.take(np.argsort(_sureness(objects, known, chosen), kind="stable"))
            chosen = chosen.take(np.arange(len(chosen.at_s))[:limit])
            found = dict(_documents(objects, known, chosen))
            return [found[place] for place in range(len(chosen.at_s))]
    raise StoreUnavailable("captured rows were put together again and again while they were read")


class _SegmentGone(Exception):
    """A segment that was put together with others, or erased from, since the look."""


def _segments(
    objects: ObjectStore, known: Known, chosen: JoinedRows, *, with_inputs: bool
) -> Iterator[tuple[Array, CapturedRows]]:
    """Of each segment of some rows: the places of these rows, `(rows,) int64`, and the rows themselves."""
    for segment in np.unique(chosen.segment).tolist():
        mine = np.flatnonzero(chosen.segment == segment)
        content = read_segment(objects, known.segments[segment])
        if content is None:
            raise _SegmentGone
        yield mine, decode(content, with_inputs=with_inputs).take(chosen.place[mine])


def _sureness(objects: ObjectStore, known: Known, chosen: JoinedRows) -> Array:
    found = np.full(len(chosen.at_s), np.inf)
    for mine, rows in _segments(objects, known, chosen, with_inputs=False):
        found[mine] = sureness(rows.outputs, rows.layout)
    return found


def _documents(objects: ObjectStore, known: Known, chosen: JoinedRows) -> Iterator[tuple[int, dict[str, Any]]]:
    for mine, rows in _segments(objects, known, chosen, with_inputs=True):
        sure = sureness(rows.outputs, rows.layout)
        is_regression = rows.layout.task == REGRESSION
        predicted = rows.outputs.tolist() if is_regression else predicted_classes(rows.outputs, rows.layout)
        for number, place in enumerate(mine.tolist()):
            label = chosen.label[place]
            yield (
                place,
                {
                    "request_id": rows.request_ids[number].decode(),
                    "index": int(rows.indexes[number]),
                    "at": datetime.fromtimestamp(float(rows.at_s[number]), UTC).isoformat(timespec="milliseconds"),
                    "version": rows.layout.version,
                    "predicted": predicted[number],
                    "margin": None if is_regression else float(sure[number]),
                    "label": None if label == NONE else known.codes.values[label],
                    "instance": _instance(rows, number),
                },
            )


def _instance(rows: CapturedRows, number: int) -> Any:
    if rows.inputs is None:
        return None
    values = rows.inputs[number].tolist()
    return values if rows.layout.features is None else dict(zip(rows.layout.features, values, strict=True))
