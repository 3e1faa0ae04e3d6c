"""Small segments put together: by thousands a day they would make each listing, and each first look, take long.

The name of a segment that was put together says of which layout its rows are and whether it is full, so that a listing
tells what is to be done. It stands where the first of its parts stood. Its parts are deleted once it is written, and
only if all of them are still there: what was erased meanwhile does not come back. Where two processes do the same at
one time, or one is killed in between, rows are there twice: readers count them once, and they are one the next time.
"""

import hashlib
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

import numpy as np
import structlog
from obstore.store import ObjectStore

from models.capture.feedback_items import FeedbackItem, decode_items, encode_items
from models.capture.segment_format import CapturedRows, decode, encode
from models.capture.segments import (
    FEEDBACK,
    StoredSegment,
    captured_folder,
    delete_segments,
    list_segments,
    read_segment,
    write_segment,
)

__all__ = ["compact_labels", "compact_rows"]

ENOUGH = 16
"""Segments of one day, one layout and about one size, from which on they are put together."""
FULL_BYTES = 16 * 2**20
"""In memory; what is as large is put together with nothing more."""
TIERS_BYTES = (64 * 2**10, 2**20)
"""Sizes in the store, between which segments are put together among themselves: a row is written anew a few times,
and not as often as new ones come."""
OVER = timedelta(hours=25)
"""After a day's beginning: what is left of it is put together, however little."""
CELL_BYTES, LABEL_BYTES = 64, 400
NAME = re.compile(r"(?P<time>[0-9]+)-(?:(?P<state>[pf])(?P<layout>[0-9a-f]{8})-)?[0-9a-f]+(?P<ending>\.[a-z.]+)")
PARTIAL, FULL = "p", "f"

log = structlog.get_logger("capture")


@dataclass(frozen=True, slots=True)
class Piece:
    """What a segment holds.

    Args:
        segment: As it was listed.
        layout: A digest of what the pieces of one segment have in common.
        content: Rows, or labels.
        size: About how many bytes that takes in memory.
    """

    segment: StoredSegment
    layout: str
    content: Any
    size: int


Read = Callable[[StoredSegment, bytes], Piece]
Join = Callable[[Sequence[Any]], bytes]


def compact_rows(objects: ObjectStore, model: str, *, now: datetime | None = None) -> int:
    """Put a model's captured rows together; returns how many segments went into larger ones.

    Args:
        objects: The store.
        model: The model's name.
        now: By UTC.

    Raises:
        StoreUnavailable: When the store does not answer; what was not done is done the next time.
    """
    return _compact(objects, captured_folder(model), (_rows_piece, _joined_rows), now)


def compact_labels(objects: ObjectStore, *, now: datetime | None = None) -> int:
    """Put labels together, as `compact_rows` does rows."""
    return _compact(objects, FEEDBACK, (_labels_piece, _joined_labels), now)


def _compact(objects: ObjectStore, folder: str, form: tuple[Read, Join], now: datetime | None) -> int:
    read, join = form
    groups = _groups(list_segments(objects, folder), now or datetime.now(UTC))
    return sum(_put_together(objects, chunk, join) for group in groups for chunk in _chunks(objects, group, read))


def _groups(listed: Iterable[StoredSegment], now: datetime) -> Iterator[list[StoredSegment]]:
    """Segments to be put together, where they are enough; those that say no layout among themselves."""
    last_over = (now - OVER).date()

    def key(named: tuple[StoredSegment, re.Match[str]]) -> tuple[str, str, int]:
        one, name = named
        has_tiers = name["layout"] is not None and one.day > last_over
        return str(one.day), name["layout"] or "", sum(one.size >= least for least in TIERS_BYTES) if has_tiers else 0

    named = [(one, name) for one in listed if (name := _name(one)) is not None and name["state"] != FULL]
    for _, group in groupby(sorted(named, key=key), key=key):
        segments = [one for one, _ in group]
        if len(segments) >= (2 if segments[0].day <= last_over else ENOUGH):
            yield segments


def _name(segment: StoredSegment) -> re.Match[str] | None:
    return NAME.fullmatch(segment.path.rpartition("/")[2])


def _chunks(objects: ObjectStore, segments: Sequence[StoredSegment], read: Read) -> Iterator[list[Piece]]:
    """Segments with what they hold, up to a size; those that cannot be read are passed over."""
    chunk: list[Piece] = []
    for one in segments:
        try:
            content = read_segment(objects, one.path)
            chunk += [] if content is None else [read(one, content)]
        except ValueError as error:
            log.warning("segment not read", segment=one.path, reason=str(error))
        if sum(piece.size for piece in chunk) >= FULL_BYTES:
            yield chunk
            chunk = []
    if len(chunk) > 1:
        yield chunk


def _put_together(objects: ObjectStore, chunk: Sequence[Piece], join: Join) -> int:
    """Write what a chunk holds, a segment for each layout, and delete its parts; returns how many these were."""
    layouts: dict[str, list[Piece]] = {}
    for piece in chunk:
        layouts.setdefault(piece.layout, []).append(piece)
    written = [_write(objects, pieces, join) for pieces in layouts.values()]
    parts = [piece.segment.path for piece in chunk]
    there = {one.path for one in list_segments(objects, parts[0].rpartition("/")[0])}
    if there.issuperset(parts):
        delete_segments(objects, parts)
        return len(parts)
    delete_segments(objects, written)  # something was erased, or another process was quicker
    return 0


def _write(objects: ObjectStore, pieces: Sequence[Piece], join: Join) -> str:
    folder, _, first = pieces[0].segment.path.rpartition("/")
    state = FULL if sum(one.size for one in pieces) >= FULL_BYTES else PARTIAL
    made = f"{first.partition('-')[0]}-{state}{pieces[0].layout}-{uuid.uuid4().hex[:12]}"
    path = f"{folder}/{made}.{first.partition('.')[2]}"
    write_segment(objects, path, join([one.content for one in pieces]))
    return path


def _rows_piece(segment: StoredSegment, content: bytes) -> Piece:
    rows = decode(content)
    inputs = rows.outputs if rows.inputs is None else rows.inputs
    cells = inputs.size * (CELL_BYTES if inputs.dtype == object else inputs.itemsize)
    digest = hashlib.sha256(repr(rows.layout).encode()).hexdigest()
    return Piece(segment, digest[:8], rows, cells + rows.outputs.nbytes + rows.request_ids.nbytes)


def _joined_rows(parts: Sequence[CapturedRows]) -> bytes:
    names = ("request_ids", "indexes", "at_s", "outputs", "inputs")
    columns = [np.concatenate([getattr(one, name) for one in parts]) for name in names]
    rows = CapturedRows(parts[0].layout, *columns)
    _, first = np.unique(np.rec.fromarrays(columns[:3]), return_index=True)
    return encode(rows.take(np.sort(first)))


def _labels_piece(segment: StoredSegment, content: bytes) -> Piece:
    items = decode_items(content)
    return Piece(segment, "0" * 8, items, LABEL_BYTES * len(items))


def _joined_labels(parts: Sequence[Sequence[FeedbackItem]]) -> bytes:
    """Each label once, where it stood last: of labels of one moment the last holds."""
    backwards = {repr(item): item for items in reversed(parts) for item in reversed(items)}
    return encode_items([*reversed(backwards.values())])
