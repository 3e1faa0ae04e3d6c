"""Buffered rows and labels as segments: rows of one version and one day together."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import structlog

from models.capture.feedback_items import FeedbackItem, encode_items
from models.capture.segment_format import CapturedRows, Layout, concatenated, encode
from models.capture.segments import FEEDBACK, captured_folder, day_of, new_path
from models.preprocessing.instances import Array
from service.capture.capture_observer import size_of
from service.capture.row_buffer import SampledBatch
from service.capture.segment_writer import Segment

__all__ = ["label_segments", "row_segments", "size_of_label"]

LABEL_BYTES = 400
"""Of a label in memory, besides its own texts."""
NANOSECONDS = 1e9

log = structlog.get_logger("service")


def row_segments(batches: Sequence[SampledBatch]) -> list[Segment]:
    """Segments of sampled rows."""
    groups: dict[tuple[Any, ...], list[SampledBatch]] = {}
    for one in batches:
        layout = replace(Layout.of(one.manifest, one.settings.drop), shape=_kept_columns(one).shape[1:])
        groups.setdefault((layout, day_of(one.at_s), one.batch.dtype.kind), []).append(one)
    return [_row_segment(layout, day, group) for (layout, day, _), group in groups.items()]


def _row_segment(layout: Layout, day: date, batches: Sequence[SampledBatch]) -> Segment:
    content = _encoded(layout.model, lambda: encode(concatenated([_rows(layout, one) for one in batches])))
    count, size = sum(len(one.batch) for one in batches), sum(size_of(one.batch, one.outputs) for one in batches)
    return Segment(new_path(captured_folder(layout.model), day, ".npz"), content, layout.model, count, size)


def _encoded(model: str, make: Callable[[], bytes]) -> bytes | None:
    """What is made; nothing where it fails, which says no more than of which kind: rows are in no log."""
    try:
        return make()
    except Exception as error:  # noqa: BLE001 -- the rows of one version do not keep all others from the store
        log.warning("captured rows lost", model=model, reason=type(error).__name__)
        return None


def _rows(layout: Layout, sampled: SampledBatch) -> CapturedRows:
    count = len(sampled.batch)
    return CapturedRows(
        layout, np.full(count, sampled.request_id.encode()), np.arange(count, dtype=np.int32),
        np.full(count, sampled.at_s), sampled.outputs, _kept_columns(sampled),
    )  # fmt: skip


def _kept_columns(sampled: SampledBatch) -> Array:
    """The raw instances without the columns that are dropped."""
    columns, drop = sampled.manifest.instance.features, sampled.settings.drop
    if columns is None or not drop:
        return sampled.batch
    return sampled.batch[:, [index for index, one in enumerate(columns) if one.name not in drop]]


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
