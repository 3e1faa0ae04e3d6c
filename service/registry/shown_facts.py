"""Facts of versions that are not loaded, read from their manifests when a list shows them, and kept."""

from collections.abc import Callable, Iterable
from contextlib import suppress

from models.errors import OnehotError
from models.store.store import Store
from service.blocking_calls import run_in_thread, several_at_once
from service.registry.snapshot import LoadedModel, VersionFacts, VersionStatus
from service.registry.verified_loading import VersionLoader

__all__ = ["ShownFacts"]

PATIENCE_S = 1.0
"""How long a list waits for manifests that nothing has read yet; what is missing then is there the next time."""
MOST = 20_000
"""Versions whose facts are kept when the next list is shown."""

_Key = tuple[str, int, str]
"""Model, version, and the tag of its files."""


class ShownFacts:
    """Knows the facts of versions that are shown.

    Args:
        store: Gives the store, opened when it is first needed.
    """

    def __init__(self, store: Callable[[], Store]) -> None:
        self._store = store
        self._known: dict[tuple[str, int], tuple[str, VersionFacts]] = {}

    def read(self, models: Iterable[LoadedModel]) -> None:
        """Read what is missing of models that are about to be shown, the newest versions first."""
        self._forget_oldest()
        shown = ((model, status) for model in models for status in model.versions.values())
        missing = [_key(model, status) for model, status in shown if self.of(model, status) is None]
        if missing:
            missing.sort(key=lambda key: -key[1])
            run_in_thread(several_at_once, self._read, missing, patience_s=PATIENCE_S)

    def of(self, model: LoadedModel, status: VersionStatus) -> VersionFacts | None:
        """The facts of a version, as far as they are known."""
        tag, facts = self._known.get((model.name, status.version), ("", None))
        return status.facts or (facts if tag == status.tag else None)

    def _read(self, key: _Key) -> None:
        model, version, tag = key
        with suppress(OnehotError):  # of a manifest that cannot be read nothing is shown
            self._known[model, version] = tag, VersionLoader(self._store, model).facts(version)

    def _forget_oldest(self) -> None:
        """Keep no more than so many; threads that came too late for their list may add some meanwhile."""
        for key in [*self._known][: max(0, len(self._known) - MOST)]:
            self._known.pop(key, None)


def _key(model: LoadedModel, status: VersionStatus) -> _Key:
    return model.name, status.version, status.tag
