"""Buffered rows and labels as segments: rows of one version and one day together."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import structlog

from models.capture.feedback_items import FeedbackItem, encode_items
from models.capture.segment_format import CapturedRows, Layout, encode
from models.capture.segments import FEEDBACK, captured_folder, day_of, new_path
from models.preprocessing.instances import Array
from service.capture.capture_observer import size_of
from service.capture.row_buffer import SampledBatch
from service.capture.segment_writer import Segment

__all__ = ["label_segments", "row_segments", "size_of_label"]

LABEL_BYTES = 400
"""Of a label in memory, besides its own texts."""
NANOSECONDS = 1e9
DAY_S = 86_400

log = structlog.get_logger("service")


def row_segments(batches: Sequence[SampledBatch]) -> list[Segment]:
    """Segments of sampled rows."""
    groups: dict[tuple[Any, ...], list[SampledBatch]] = {}
    for one in batches:  # by what is the same object in nearly all: telling layouts apart would take longer
        batch = one.batch
        key = id(one.manifest), id(one.settings), one.at_s // DAY_S, batch.shape[1:], batch.dtype.kind
        groups.setdefault(key, []).append(one)
    return [_row_segment(group) for group in groups.values()]


def _row_segment(batches: Sequence[SampledBatch]) -> Segment:
    first = batches[0]
    content = _encoded(first.manifest.model, lambda: encode(_rows(batches)))
    count, size = sum(len(one.batch) for one in batches), sum(size_of(one.batch, one.outputs) for one in batches)
    path = new_path(captured_folder(first.manifest.model), day_of(first.at_s), ".npz")
    return Segment(path, content, first.manifest.model, count, size)


def _encoded(model: str, make: Callable[[], bytes]) -> bytes | None:
    """What is made; nothing where it fails, which says no more than of which kind: rows are in no log."""
    try:
        return make()
    except Exception as error:  # noqa: BLE001 -- the rows of one version do not keep all others from the store
        log.warning("captured rows lost", model=model, reason=type(error).__name__)
        return None


def _rows(batches: Sequence[SampledBatch]) -> CapturedRows:
    """The rows of requests to the same version, without the columns that are dropped."""
    counts = [len(one.batch) for one in batches]
    inputs = _kept_columns(batches[0], np.concatenate([one.batch for one in batches]))
    layout = replace(Layout.of(batches[0].manifest, batches[0].settings.drop), shape=inputs.shape[1:])
    return CapturedRows(
        layout, np.repeat(np.array([one.request_id for one in batches], "S"), counts),
        np.concatenate([np.arange(count, dtype=np.int32) for count in counts]),
        np.repeat([one.at_s for one in batches], counts), np.concatenate([one.outputs for one in batches]), inputs,
    )  # fmt: skip


def _kept_columns(sampled: SampledBatch, batch: Array) -> Array:
    columns, drop = sampled.manifest.instance.features, sampled.settings.drop
    if columns is None or not drop:
        return batch
    return batch[:, [index for index, one in enumerate(columns) if one.name not in drop]]


def label_segments(items: Sequence[FeedbackItem]) -> list[Segment]:
    """Segments of labels: one for each day."""
    days: dict[date, list[FeedbackItem]] = {}
    for one in items:
        days.setdefault(day_of(one.received_ns / NANOSECONDS), []).append(one)
    return [
        Segment(new_path(FEEDBACK, day, ".jsonl.gz"), _encoded("", lambda group=group: encode_items(group)), "",  # type: ignore[misc]
                len(group), sum(map(size_of_label, group)))
        for day, group in days.items()
    ]  # fmt: skip


def size_of_label(item: FeedbackItem) -> int:
    """About how many bytes a label takes."""
    texts = item.label if isinstance(item.label, list) else [item.label]
    return LABEL_BYTES + len(item.request_id) + sum(len(one) if isinstance(one, str) else 32 for one in texts)
