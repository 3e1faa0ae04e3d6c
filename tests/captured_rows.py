"""Captured rows and labels in a store, without a service."""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from models.capture.feedback_items import FeedbackItem, encode_items
from models.capture.segment_format import CapturedRows, Layout, encode
from models.capture.segments import FEEDBACK, captured_folder, day_of, new_path, write_segment
from models.store.store import Store

FLOWERS = ("setosa", "versicolor", "virginica")
COLUMNS = ("length", "width", "island")
LAYOUT = Layout("iris", 1, "softmax", FLOWERS, None, COLUMNS, (3,))


def capture_rows(
    store: Store, ids: Sequence[str], *, layout: Layout = LAYOUT, outputs: Any = None, inputs: Any = None,
    at_s: float | None = None,
) -> CapturedRows:  # fmt: skip
    """Write one segment: a row of each request."""
    rng = np.random.default_rng(len(ids))
    at_s = time.time() if at_s is None else at_s
    if inputs is None:
        inputs = rng.random((len(ids), *layout.shape)).astype(np.float32)
    rows = CapturedRows(
        layout, np.array(ids, "S"), np.zeros(len(ids), np.int32), np.full(len(ids), at_s),
        np.asarray(rng.random((len(ids), 3)) if outputs is None else outputs, np.float32), np.asarray(inputs),
    )  # fmt: skip
    folder = captured_folder(layout.model)
    write_segment(store.objects, new_path(folder, day_of(at_s), ".npz"), encode(rows))
    return rows


def tell_labels(store: Store, labels: Sequence[tuple[Any, ...]]) -> None:
    """Write one segment of labels: each a request, a label, and more of an item where it differs."""
    now_ns = time.time_ns()
    items = [FeedbackItem(now_ns, request_id, 0, label, *more) for request_id, label, *more in labels]
    write_segment(store.objects, new_path(FEEDBACK, day_of(now_ns / 1e9), ".jsonl.gz"), encode_items(items))
