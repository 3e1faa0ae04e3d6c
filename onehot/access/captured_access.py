"""Captured rows for the commands: in the store itself, or as a service tells of them."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from models.capture.capture_settings import OFF, CaptureSettings, change_capture, read_capture, shown_capture
from models.capture.captured_source import SCHEME, CapturedSource, read_moment
from models.capture.erasing import erase_request
from models.capture.feedback_items import FeedbackItem, encode_items
from models.capture.quality_index import Known, QualityIndex
from models.capture.row_export import export_rows
from models.capture.segments import FEEDBACK, new_path, write_segment
from onehot.access.places import ServicePlace, StorePlace

__all__ = ["RowQuery", "ServedCaptured", "StoredCaptured"]

MOST_ITEMS = 10_000
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RowQuery:
    """Which captured rows.

    Args:
        since: Only rows computed then or later: a moment or an age.
        version: Only of this version.
        labelled: Only rows with a label, or only rows without; both when None.
        least_sure_first: Whether what the version was least sure of comes first; else the newest does.
        limit: How many at most.
    """

    since: str | None = None
    version: int | None = None
    labelled: bool | None = None
    least_sure_first: bool = False
    limit: int = 100


@dataclass(frozen=True, slots=True)
class StoredCaptured(StorePlace):
    """What a store has."""

    def settings(self, model: str) -> Document:
        """What is captured of a model."""
        self.store.resolve(model)
        return shown_capture(self.store, model, read_capture(self.store, model))

    def set(self, model: str, settings: Mapping[str, Any]) -> Document:
        """Capture from now on."""
        self.store.resolve(model)
        found = CaptureSettings.of(settings)
        change_capture(self.store, model, found)
        return shown_capture(self.store, model, found)

    def switch_off(self, model: str) -> None:
        """Capture no more; days and columns stay."""
        self.store.resolve(model)
        before = read_capture(self.store, model)
        change_capture(self.store, model, CaptureSettings(OFF.sample, before.keep_days, before.drop))

    def rows(self, model: str, query: RowQuery) -> list[Document]:
        """Captured rows."""
        return export_rows(
            self.store.objects, lambda: self._known(model), _source(model, query), labelled=query.labelled,
            is_least_sure_first=query.least_sure_first, limit=query.limit,
        )  # fmt: skip

    def quality(self, model: str, query: RowQuery) -> Document:
        """How good the predictions were."""
        return {"model": model, **self._known(model).quality(**_source(model, query).of_rows)}

    def erase(self, model: str, request_id: str) -> Document:
        """Erase what was captured of a request."""
        self.store.resolve(model)
        erased = erase_request(self.store.objects, model, request_id)
        return {"model": model, "request_id": request_id, "rows": erased.rows, "labels": erased.labels}

    def tell(self, items: Sequence[Mapping[str, Any]]) -> int:
        """Keep true labels; how many there were."""
        self.store.require_folder()
        now_ns = time.time_ns()
        told = [FeedbackItem(now_ns, one["request_id"], one["index"], one["label"], one.get("model")) for one in items]
        path = new_path(FEEDBACK, datetime.now(UTC).date(), ".jsonl.gz")
        write_segment(self.store.objects, path, encode_items(told))
        return len(told)

    def _known(self, model: str) -> Known:
        self.store.resolve(model)
        return QualityIndex(lambda: self.store.objects).look(model)


def _source(model: str, query: RowQuery) -> CapturedSource:
    since = None if query.since is None else read_moment(query.since, where="--since")
    return CapturedSource(f"{SCHEME}://{model}", model, since=since, version=query.version)


@dataclass(frozen=True, slots=True)
class ServedCaptured(ServicePlace):
    """What a service tells."""

    def settings(self, model: str) -> Document:
        """What is captured of a model."""
        return self.service.capture(model)

    def set(self, model: str, settings: Mapping[str, Any]) -> Document:
        """Capture from now on."""
        return self.service.set_capture(model, settings)

    def switch_off(self, model: str) -> None:
        """Capture no more; days and columns stay."""
        self.service.end_capture(model)

    def rows(self, model: str, query: RowQuery) -> list[Document]:
        """Captured rows."""
        order = "least_sure" if query.least_sure_first else "newest"
        return self.service.captured(
            model, since=query.since, version=query.version, labelled=query.labelled, order=order, limit=query.limit
        )

    def quality(self, model: str, query: RowQuery) -> Document:
        """How good the predictions were."""
        return self.service.quality(model, version=query.version, since=query.since)

    def erase(self, model: str, request_id: str) -> Document:
        """Erase what was captured of a request."""
        return self.service.erase_captured(model, request_id)

    def tell(self, items: Sequence[Mapping[str, Any]]) -> int:
        """Send true labels; how many there were."""
        for start in range(0, len(items), MOST_ITEMS):
            self.service.feedback(items[start : start + MOST_ITEMS])
        return len(items)
