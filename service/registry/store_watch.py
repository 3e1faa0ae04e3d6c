"""The observed store: looks at it that cost little where nothing has changed."""

import time
from collections.abc import Callable, Mapping

import structlog

from models.errors import StoreUnavailable
from models.names import is_model_name
from models.store.change_hint import ChangeHintReader
from models.store.compare_and_swap import UnreadableDocument
from models.store.store import Store
from service.registry.missing_parts import MissingParts
from service.registry.store_listing import ObservedModel, Watched, observe_store

__all__ = ["StoreWatch"]

LARGEST_SHARE = 0.05
"""Of the time, that goes into full looks at most: the larger a store is, the rarer they are."""
BELIEVED_S = 300.0
"""How long the times of folders are believed: some file systems have none that say anything."""
SHARE_WITHOUT_BELIEF = 0.01
"""Of the time, that goes into looks at every file at most."""
MOST_CHANGED = 50
"""Models that the hint names, up to which each of them is listed by itself."""

log = structlog.get_logger("service")


class StoreWatch:
    """Knows what is in a store at the cost of one small request a look.

    Publishing and moving a label tell which model has changed, and that one is listed. What other tools put there, or
    took away, is found by a full look now and then.

    Args:
        full_every_s: Seconds between two full looks; longer where one takes long. With 0, every look is a full one.
        confirm_s: How long what a full look finds missing stays known; then another one must find it missing, too.
        had_models: Whether the store had models when another process watched it.
        clock: Seconds that only go forward.
    """

    def __init__(
        self, store: Store, *, full_every_s: float, confirm_s: float = 0.0, had_models: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._store = store
        self._missing = MissingParts(store, confirm_s=confirm_s, had_models=had_models)
        self._full_every_s = full_every_s
        self._clock = clock
        self._hint = ChangeHintReader(store.objects, store.folder)
        self._models: Mapping[str, ObservedModel] = {}
        self._full_due_s = clock()
        self._believed_until_s = self._full_due_s

    def look(self, watched: Watched | None = None) -> Mapping[str, ObservedModel]:
        """Every model that has a published version; the same mapping as before when nothing has changed.

        The first look at a very large bucket lists what should answer; the next one lists the rest.

        Args:
            watched: Versions whose files are looked at one by one by a full look.

        Raises:
            StoreUnavailable: When the store does not answer; the next look is a full one.
        """
        now_s, due_s = self._clock(), self._full_due_s
        self._full_due_s = now_s  # unless this one comes to its end
        self._store.require_folder()
        changed = self._changed()  # before the listing: a change in between is found by the next look
        if changed is None or len(changed) > MOST_CHANGED or now_s >= due_s:
            return self._look_at_all(now_s, watched)
        for model in filter(is_model_name, changed):
            others = {name: one for name, one in self._models.items() if name != model}
            self._models = others | observe_store(self._store, model=model)
        self._full_due_s = due_s
        return self._models

    def _look_at_all(self, now_s: float, watched: Watched | None) -> Mapping[str, ObservedModel]:
        believes = now_s < self._believed_until_s
        known = self._models if believes else None
        found = observe_store(self._store, known=known, watched=watched, newest_only=not self._models)
        observed = self._missing.keep(self._models, found, now_s=now_s)
        if observed != self._models:
            self._models = observed
        took_s = self._clock() - now_s
        self._full_due_s = now_s + (self._full_every_s and max(self._full_every_s, took_s / LARGEST_SHARE))
        if not all(one.is_whole for one in observed.values()):
            self._full_due_s = now_s
        self._full_due_s = self._missing.next_look_s(self._full_due_s)
        if not believes:
            self._believed_until_s = now_s + max(BELIEVED_S, took_s / SHARE_WITHOUT_BELIEF)
        return self._models

    def _changed(self) -> set[str] | None:
        """Which models have changed; None when a folder's hint cannot be read, though all else may be."""
        try:
            return self._hint.changed()
        except UnreadableDocument as error:
            log.warning("change hint not read", reason=str(error))
            return set()
        except StoreUnavailable:
            if self._store.folder is None:
                raise
            return None
