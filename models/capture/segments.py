"""Segments in the store: `<model>/captured/<day>/<segment>.npz`, and labels in `_feedback/<day>/<segment>.jsonl.gz`.

A segment is written once, under a name that no other writer has, and never changed: what is erased from it leaves
another segment behind. Days are UTC's.
"""

import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

import obstore
from obstore.store import ObjectStore

from models.names import is_model_name
from models.store.object_store import OtherSize, answering, children, get
from models.store.store import Store

__all__ = [
    "FEEDBACK", "StoredSegment", "captured_folder", "captured_models", "day_of", "delete_segments", "list_segments",
    "new_path", "read_segment", "write_segment",
]  # fmt: skip

CAPTURED, FEEDBACK = "captured", "_feedback"
"""Folders; no model can be called as the second one."""
ENDINGS = (".npz", ".jsonl.gz")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
PAGE = 1000
LARGEST_BYTES = 512 * 2**20
"""What is larger was not written by us."""


@dataclass(frozen=True, slots=True)
class StoredSegment:
    """What a listing tells of a segment.

    Args:
        path: In the store.
        day: Of its rows.
        size: In bytes.
    """

    path: str
    day: date
    size: int


def captured_folder(model: str) -> str:
    """Where the segments of a model are."""
    return f"{model}/{CAPTURED}"


def day_of(at_s: float) -> date:
    """The day of a moment, in seconds since 1970."""
    return datetime.fromtimestamp(at_s, UTC).date()


def new_path(folder: str, day: date, ending: str) -> str:
    """A path that no other segment has; those of a day are in the order in which they were made."""
    return f"{folder}/{day.isoformat()}/{datetime.now(UTC):%H%M%S%f}-{uuid.uuid4().hex[:12]}{ending}"


def write_segment(objects: ObjectStore, path: str, content: bytes) -> None:
    """Write a segment; again when it is not known whether it was.

    Raises:
        StoreUnavailable: When the store does not answer, or is full.
    """
    with answering():
        obstore.put(objects, path, content)


def read_segment(objects: ObjectStore, path: str) -> bytes | None:
    """The bytes of a segment; None when it is gone, none of what is larger than any segment."""
    try:
        return get(objects, path, most_bytes=LARGEST_BYTES)
    except OtherSize:
        return b""


def list_segments(objects: ObjectStore, folder: str, *, until: date | None = None) -> list[StoredSegment]:
    """The segments of a folder, the oldest first.

    Args:
        objects: The store.
        folder: `captured_folder` of a model, or `FEEDBACK`.
        until: Only of days before this one.

    Raises:
        StoreUnavailable: When the store does not answer.
    """
    with answering():
        found = [*_listed(objects, folder, until)]
    return sorted(found, key=lambda one: one.path)


def _listed(objects: ObjectStore, folder: str, until: date | None) -> Iterator[StoredSegment]:
    for page in obstore.list(objects, folder, chunk_size=PAGE):
        segments = [one for meta in page if (one := _segment(meta["path"], meta["size"])) is not None]
        yield from (one for one in segments if until is None or one.day < until)


def _segment(path: str, size: int) -> StoredSegment | None:
    """None for what is no segment, such as half of one."""
    *_, day, name = path.split("/")
    if not name.endswith(ENDINGS) or not DAY.fullmatch(day):
        return None
    try:
        return StoredSegment(path, date.fromisoformat(day), size)
    except ValueError:
        return None


def delete_segments(objects: ObjectStore, paths: Iterable[str]) -> None:
    """Delete segments; one that is gone already is none the less gone.

    Raises:
        StoreUnavailable: When the store does not answer.
    """
    for path in paths:
        try:
            with answering():
                obstore.delete(objects, path)
        except FileNotFoundError:
            continue


def captured_models(store: Store) -> list[str]:
    """The names that models with captured rows can have: every folder of the store that a model can be called as."""
    return [name for name in children(store.objects, "") if is_model_name(name)]
