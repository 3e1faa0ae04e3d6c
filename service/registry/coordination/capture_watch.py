"""What is captured of each model, read from the store only when a look has seen that its file is another one."""

from collections.abc import Callable, Mapping
from typing import Any

import structlog

from models.capture.capture_settings import read_capture
from models.errors import StoreUnavailable
from models.store.compare_and_swap import UnreadableDocument
from models.store.store import Store
from service.blocking_calls import several_at_once
from service.registry.store_listing import ObservedModel

__all__ = ["CaptureWatch"]

Document = Mapping[str, Any]

log = structlog.get_logger("service")


class CaptureWatch:
    """Knows the settings of every model that ever had some."""

    def __init__(self, store: Callable[[], Store]) -> None:
        self._store = store
        self._tags: dict[str, str] = {}
        self.documents: Mapping[str, Document] = {}

    def follow(self, listed: Mapping[str, ObservedModel]) -> bool:
        """Read those that have changed; whether all could be read, or are broken and stay as they were."""
        tags = {name: one.capture_tag for name, one in listed.items() if one.capture_tag}
        changed = [name for name, tag in tags.items() if self._tags.get(name) != tag]
        read = several_at_once(self._read, changed)
        away = [name for name, one in read.items() if one is None]
        self._tags = {name: tag for name, tag in tags.items() if name not in away}
        found = {name: one for name, one in read.items() if one is not None}
        self.documents = {name: self.documents.get(name, {}) for name in tags} | found
        return not away

    def _read(self, model: str) -> Document | None:
        try:
            return read_capture(self._store(), model).document
        except UnreadableDocument as error:
            log.warning("what is captured stays as it was", model=model, reason=str(error))
            return self.documents.get(model, {})
        except StoreUnavailable as error:
            log.warning("what is captured was not read", model=model, reason=str(error))
            return None
