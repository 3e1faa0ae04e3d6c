"""What is taken away: the rows of one request, and segments whose days are over."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
from obstore.store import ObjectStore

from models.capture.capture_settings import DEFAULT_KEEP_DAYS, CaptureSettings, read_capture
from models.capture.feedback_items import decode_items, encode_items
from models.capture.segment_format import decode, encode
from models.capture.segments import (
    FEEDBACK,
    captured_folder,
    captured_models,
    delete_segments,
    list_segments,
    new_path,
    read_segment,
    write_segment,
)
from models.store.compare_and_swap import UnreadableDocument
from models.store.store import Store

__all__ = ["Erased", "delete_old_segments", "erase_request"]

MOST_PASSES = 20
Without = Callable[[bytes], tuple[bytes | None, int]]
"""Makes of a segment the same without something, or nothing, and tells how much that was."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased of a request: how many rows, and how many labels."""

    rows: int
    labels: int


def erase_request(objects: ObjectStore, model: str, request_id: str) -> Erased:
    """Take the rows of a request out of every segment of a model, and their labels.

    Each segment that has some is written anew without them before it is deleted: what fails halfway is done again by
    the next call.

    Raises:
        StoreUnavailable: When the store does not answer; some of it may be there still.
    """
    rows = _erase(objects, captured_folder(model), ".npz", lambda content: _without_rows(content, request_id))
    labels = _erase(objects, FEEDBACK, ".jsonl.gz", lambda content: _without_labels(content, model, request_id))
    return Erased(rows, labels)


def _erase(objects: ObjectStore, folder: str, ending: str, without: Without) -> int:
    """Look through a folder until nothing new is in it: others write, and put segments together, meanwhile."""
    seen: set[str] = set()
    erased = 0
    for _ in range(MOST_PASSES):
        new = [one for one in list_segments(objects, folder) if one.path not in seen]
        if not new:
            break
        for one in new:
            seen.add(one.path)
            erased += _erase_from(objects, one.path, new_path(folder, one.day, ending), without)
    return erased


def _erase_from(objects: ObjectStore, path: str, other: str, without: Without) -> int:
    content = read_segment(objects, path)
    if content is None:
        return 0
    try:
        rest, count = without(content)
    except ValueError:
        return 0  # damaged: it holds nothing that can be read
    if count:
        if rest is not None:
            write_segment(objects, other, rest)
        delete_segments(objects, [path])
    return count


def _without_rows(content: bytes, request_id: str) -> tuple[bytes | None, int]:
    stays = decode(content, with_inputs=False).request_ids != request_id.encode()
    count = int((~stays).sum())
    rest = encode(decode(content).take(np.flatnonzero(stays))) if count and stays.any() else None
    return rest, count


def _without_labels(content: bytes, model: str, request_id: str) -> tuple[bytes | None, int]:
    items = decode_items(content)
    stay = [one for one in items if one.request_id != request_id or one.model not in (None, model)]
    return encode_items(stay) if stay else None, len(items) - len(stay)


def delete_old_segments(store: Store, *, today: date | None = None) -> int:
    """Delete captured rows, and labels, whose days are over by their model's settings; returns how many segments.

    Labels stay as long as those of the model that keeps them for longest: they do not say which model they are about.
    A model whose settings cannot be read keeps what it has.

    Args:
        store: The store.
        today: By UTC; now without it.

    Raises:
        StoreUnavailable: When the store does not answer.
    """
    today = today or datetime.now(UTC).date()
    store.require_folder()
    names = captured_models(store)
    found = {model: settings.keep_days for model in names if (settings := _settings(store, model)) is not None}
    folders = {captured_folder(model): days for model, days in found.items()}
    folders[FEEDBACK] = max([*found.values(), DEFAULT_KEEP_DAYS])
    return sum(_delete_before(store, folder, today - timedelta(days=days)) for folder, days in folders.items())


def _settings(store: Store, model: str) -> CaptureSettings | None:
    try:
        return read_capture(store, model)
    except UnreadableDocument:
        return None


def _delete_before(store: Store, folder: str, first_kept: date) -> int:
    old = [one.path for one in list_segments(store.objects, folder, until=first_kept)]
    delete_segments(store.objects, old)
    return len(old)
