"""Versions that were published a moment ago and are not loaded yet: a request for one waits, and is not refused.

A job says that it has finished, a label that it was moved; a client that reads this requests the version at once. The
store is asked whether it has it, at most so many times a second, and what it has is loaded soon.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from models.errors import LabelNotFound, ModelNotFound, StoreError, VersionNotFound
from models.names import LATEST, is_label_name, is_model_name
from models.store.store import Store
from service.blocking_calls import has_event_loop, run_in_thread
from service.errors import VersionNotLoaded
from service.inference.predictor import Predictor
from service.registry.registry import Registry

__all__ = ["MISSING", "PendingVersions"]

Found = TypeVar("Found")

MISSING = (ModelNotFound, VersionNotFound, LabelNotFound)
PATIENCE_S = 2.0
"""How long a request waits for a version to be loaded: as long as it may take until all workers have it."""
TURN_S = 0.02
ASKS_PER_S = 10
"""Of one process, at most: requests for what is not there cost the store no more."""


class PendingVersions:
    """Finds versions that the registry does not know yet, or is just loading."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._asked_s = 0.0

    def find(self, model: str, *, version: int | None, label: str | None, missing: Exception) -> Predictor:
        """What answers, as soon as it can; `missing` is what the registry says of the request.

        Raises:
            ModelNotFound, VersionNotFound, LabelNotFound: `missing`, when the store does not have it either.
            VersionNotLoaded: When it is there, and not loaded in time.
        """
        if isinstance(missing, VersionNotLoaded) and not missing.is_loading:
            raise missing
        if not self._may_ask() or not run_in_thread(_has, self._registry.store, model, version, label):
            raise missing
        self._registry.look_soon()
        found = _wait(lambda: self._registry.find(model, version=version, label=label))
        if found is None:
            raise VersionNotLoaded(model, version, reason="it was published a moment ago")
        return found

    def wait_for_label(self, model: str, label: str, version: int) -> None:
        """Let the workers of this service follow a label to its version, unless it cannot be loaded soon."""
        self._registry.look_soon()
        _wait(lambda: self._registry.snapshot.model(model).serving.get(label) == version or None)

    def wait_for_deletion(self, model: str, version: int) -> None:
        """Let the workers of this service take notice that a version is gone."""
        self._registry.look_soon()
        _wait(lambda: not self._knows(model, version) or None)

    def wait_for_capture(self, model: str, document: Mapping[str, Any]) -> None:
        """Let the workers of this service follow what is captured of a model from now on."""
        self._registry.look_soon()
        _wait(lambda: self._registry.capture_of(model) == document or None)

    def _knows(self, model: str, version: int) -> bool:
        found = self._registry.snapshot.models.get(model)
        return found is not None and version in found.versions

    def _may_ask(self) -> bool:
        now_s = time.monotonic()
        if not has_event_loop() or now_s - self._asked_s < 1 / ASKS_PER_S:
            return False
        self._asked_s = now_s
        return True


def _wait(ask: Callable[[], Found | None]) -> Found | None:
    """The first answer to a question that is asked again and again; None when there is none in time."""
    end_s = time.monotonic() + PATIENCE_S
    while has_event_loop() and time.monotonic() < end_s:
        with suppress(*MISSING, VersionNotLoaded):
            answer = ask()
            if answer is not None:
                return answer
        time.sleep(TURN_S)
    return None


def _has(store: Store, model: str, version: int | None, label: str | None) -> bool:
    """Whether the store has what was requested; one request to it, or two."""
    if not is_model_name(model):
        return False
    with suppress(StoreError):
        if version is not None:
            return store.manifest(model, version).version == version
        if label is not None and label != LATEST:
            return is_label_name(label) and label in store.labels(model)
        return bool(store.versions(model))
    return False
