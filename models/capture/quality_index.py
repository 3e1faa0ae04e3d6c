"""The index of captured rows and labels: what quality needs of them, in memory, read from each segment once."""

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import structlog
from obstore.store import ObjectStore

from models.capture.feedback_items import decode_items
from models.capture.labelled_rows import Codes, JoinedRows, LabelFacts, RowFacts, join
from models.capture.live_quality import quality_document, right_and_labelled
from models.capture.segment_format import decode
from models.capture.segments import FEEDBACK, StoredSegment, captured_folder, list_segments, read_segment

__all__ = ["MOST_PASSES", "Ask", "Known", "QualityIndex"]

MOST_BYTES = 2**30
"""Of the newest segments, which an index reads: some millions of rows of a table."""
AT_ONCE = 64
"""Segments that are read before it is seen whether they are enough."""
MOST_PASSES = 5
"""Over a folder whose segments are put together meanwhile; each reads only what is new."""
Facts = TypeVar("Facts", RowFacts, LabelFacts)
Ask = Callable[[Callable[[str], Any], Sequence[str]], Mapping[str, Any]]
"""Calls a function for each of some paths; by default one after the other."""

log = structlog.get_logger("capture")


def one_by_one(call: Callable[[str], Any], paths: Sequence[str]) -> Mapping[str, Any]:
    """The result of a call for each path."""
    return {path: call(path) for path in paths}


@dataclass(frozen=True, slots=True)
class Known:
    """A model's rows and labels at the last look.

    Args:
        segments: The paths of the segments of the rows.
        labels: Those of the labels.
        rows: Of each segment.
        joined: The rows with their labels.
        codes: That they were made with.
        is_complete: Whether these are all rows, or the newest of very many.
    """

    segments: tuple[str, ...]
    labels: tuple[str, ...]
    rows: tuple[RowFacts, ...]
    joined: JoinedRows
    codes: Codes
    is_complete: bool

    def quality(self, **of: Any) -> dict[str, Any]:
        """How good the predictions were; of which rows, as `JoinedRows.of`."""
        return {**quality_document(self.joined.of(**of), self.rows, self.codes), "is_complete": self.is_complete}

    def right_and_labelled(self, **of: Any) -> tuple[int, int]:
        """How many rows were predicted right, and how many are labelled."""
        return right_and_labelled(self.joined.of(**of), self.rows, self.codes)


class QualityIndex:
    """Follows the segments of a store; only one thread may look at a time.

    Args:
        objects: Gives the store.
        ask: Reads several segments.
        every_s: How long what was found is believed.
        most: How many rows are kept of all models, and how many labels: the newest, and those beside them in their
            segments. Each takes some two hundred bytes.
        clock: Seconds that only go forward.
    """

    def __init__(
        self, objects: Callable[[], ObjectStore], *, ask: Ask = one_by_one, every_s: float = 0.0,
        most: float = math.inf, clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._objects, self._ask, self._every_s, self._most, self._clock = objects, ask, every_s, most, clock
        self._codes = Codes()
        self._rows: dict[str, dict[str, RowFacts | None]] = {}
        self._labels: dict[str, LabelFacts | None] = {}
        self._known: dict[str, tuple[float, Known]] = {}

    def look(self, model: str, *, anew: bool = False) -> Known:
        """The rows of a model and their labels as the store has them.

        Args:
            model: The model's name.
            anew: Also if the last look was a moment ago.

        Raises:
            StoreUnavailable: When the store does not answer.
        """
        at_s, known = self._known.get(model, (0.0, None))
        if known is not None and not anew and self._clock() < at_s + self._every_s:
            return known
        began_s = self._clock()
        found = self._look(model, known)
        self._known[model] = began_s, found
        self._forget()
        return found

    def _forget(self) -> None:
        """Keep no more of all models than may be kept of one: those that were asked for last."""
        while len(self._known) > 1 and sum(len(one.joined.at_s) for _, one in self._known.values()) > self._most:
            oldest = min(self._known, key=lambda model: self._known[model][0])
            del self._known[oldest], self._rows[oldest]

    def _look(self, model: str, known: Known | None) -> Known:
        objects = self._objects()
        for _ in range(MOST_PASSES):
            listed = list_segments(objects, captured_folder(model))
            newest, told = [*_newest(listed)], list_segments(objects, FEEDBACK)
            rows = self._read(newest, self._rows.get(model, {}), _row_facts)
            labels = self._read(told, self._labels, _label_facts)
            self._rows[model], self._labels = rows.facts, labels.facts
            if not (rows.is_any_gone or labels.is_any_gone):
                break  # else some were put together meanwhile: the rows are elsewhere now
        kept = {path: one for path, one in rows.facts.items() if one is not None and one.layout.model == model}
        if known is not None and (known.segments, known.labels) == (tuple(kept), tuple(labels.facts)):
            return known
        joined = join(
            [*kept.values()], [one for one in labels.facts.values() if one is not None], self._codes, model=model
        )
        is_complete = len(rows.facts) == len(listed) and len(labels.facts) == len(told)
        return Known(tuple(kept), tuple(labels.facts), tuple(kept.values()), joined, self._codes, is_complete)

    def _read(
        self, listed: Sequence[StoredSegment], known: Mapping[str, Facts | None], read: Callable[[bytes, Codes], Facts]
    ) -> "_Read[Facts]":
        """The facts of segments, from the newest on until there are enough of them."""
        found: dict[str, Facts | None] = {}
        count, is_any_gone = 0, False
        for end in range(len(listed), 0, -AT_ONCE):
            paths = [one.path for one in listed[max(0, end - AT_ONCE) : end]]
            content = self._ask(lambda path: read_segment(self._objects(), path), [p for p in paths if p not in known])
            for path in paths:
                if path in known:
                    found[path] = known[path]
                elif content[path] is None:
                    is_any_gone = True
                else:
                    found[path] = _facts(path, content[path], read, self._codes)
            count += sum(len(one.keys) for path in paths if (one := found.get(path)) is not None)
            if count >= self._most:
                break
        return _Read({one.path: found[one.path] for one in listed if one.path in found}, is_any_gone)


@dataclass(frozen=True, slots=True)
class _Read(Generic[Facts]):
    """What segments say, by path in their order, nothing of one that is damaged; and whether any was gone."""

    facts: dict[str, Facts | None]
    is_any_gone: bool


def _facts(path: str, content: bytes, read: Callable[[bytes, Codes], Facts], codes: Codes) -> Facts | None:
    """What a segment says; nothing where it is damaged."""
    try:
        return read(content, codes)
    except ValueError as error:
        log.warning("segment not read", segment=path, reason=str(error))
        return None


def _row_facts(content: bytes, codes: Codes) -> RowFacts:
    return RowFacts.of(decode(content, with_inputs=False), codes)


def _label_facts(content: bytes, codes: Codes) -> LabelFacts:
    return LabelFacts.of(decode_items(content), codes)


def _newest(listed: Sequence[StoredSegment]) -> Iterable[StoredSegment]:
    """The newest that are read, in their order."""
    left, chosen = MOST_BYTES, []
    for one in reversed(listed):
        left -= one.size
        if left < 0:
            break
        chosen.append(one)
    return reversed(chosen)
