"""The loaded versions of this process, kept equal to what the store holds.

`refresh` looks at the store once, loads what is new, and swaps one immutable snapshot for the next. Requests read the
snapshot: they wait for no lock and for no store, and a version that they have found stays theirs until they are done.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType

import structlog

from models.errors import OnehotError, StoreUnavailable
from models.store import Store
from service.errors import ServiceError
from service.loading import load_version
from service.predictor import Predictor
from service.shelf import Shelf
from service.snapshot import Snapshot, VersionFacts
from service.survey import SurveyedModel, survey

__all__ = ["LoadFailed", "Registry"]

ON_DEMAND = 4
"""How many versions of a model are loaded at most because clients name them by number."""
IDLE_S = 300.0
"""How long such a version stays without being asked for."""

log = structlog.get_logger("service")


class LoadFailed(ServiceError):
    """A version that did not load for a reason that nobody foresaw."""

    def __init__(self, model: str, version: int, *, kind: str) -> None:
        self.model = model
        self.version = version
        self.kind = kind
        super().__init__(
            f"version {version} of model {model!r} did not load ({kind}): the log of the service says more"
        )


@dataclass(frozen=True, slots=True)
class _ModelLoader:
    """Loads the versions of one model."""

    store: Store
    model: str

    def load(self, version: int) -> Predictor:
        started_s = time.monotonic()
        try:
            predictor = load_version(self.store, self.model, version)
        except OnehotError as error:
            log.warning("version failed", model=self.model, version=version, reason=str(error))
            raise
        except Exception as error:
            log.exception("version failed", model=self.model, version=version)
            raise LoadFailed(self.model, version, kind=type(error).__name__) from error
        duration_ms = round((time.monotonic() - started_s) * 1000, 1)
        log.info("version loaded", model=self.model, version=version, duration_ms=duration_ms)
        return predictor

    def facts(self, version: int) -> VersionFacts:
        return VersionFacts.of(self.store.manifest(self.model, version))


class Registry:
    """Loaded versions.

    Args:
        open_store: Opens the store; called in the process that serves, as a store does not survive a fork.
        keep_versions: How many of a model's newest versions are loaded, beside those with a label.
        clock: Seconds that only go forward.
    """

    def __init__(
        self, open_store: Callable[[], Store], *, keep_versions: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.snapshot = Snapshot()
        self._open_store = open_store
        self._keep_versions = keep_versions
        self._clock = clock
        self._shelves: dict[str, Shelf] = {}
        self._asked: dict[tuple[str, int], float] = {}

    @cached_property
    def store(self) -> Store:
        """The store, opened at its first use.

        Raises:
            StoreUnavailable: When it cannot be opened; the next use tries again.
        """
        return self._open_store()

    def find(self, model: str, *, version: int | None = None, label: str | None = None) -> Predictor:
        """What answers for a version, a label, or neither.

        Raises:
            ModelNotFound, VersionNotFound, LabelNotFound: When there is none.
            VersionNotLoaded: When it is known but cannot answer now; a version that was named is loaded soon.
        """
        loaded = self.snapshot.model(model)
        if version is not None and version in loaded.versions:
            self._asked[model, version] = self._clock()
        return loaded.find(version=version, label=label)

    def refresh(self) -> None:
        """Look at the store, load, swap, let go. Only one thread may do this."""
        try:
            surveyed = self._survey()
        except StoreUnavailable as error:
            self._note_store_error(str(error))
            return
        self._note_store_error("")
        self._see(surveyed)
        for name, shelf in self._shelves.items():
            self._wait_for(f"the versions of model {name!r} to be loaded")
            shelf.update(self._asked_of(name))
        self._complete()

    def _survey(self) -> dict[str, SurveyedModel]:
        surveyed = survey(self.store)
        if not surveyed and self._shelves:
            # A mount that went away looks like this; what is loaded goes on serving.
            raise StoreUnavailable("it is empty, and it was not before")
        return surveyed

    def _see(self, surveyed: Mapping[str, SurveyedModel]) -> None:
        """Every model is known before the first of them is loaded."""
        self._shelves = {name: self._shelves.get(name) or self._new_shelf(name) for name in surveyed}
        for name, shelf in self._shelves.items():
            self._read_labels(shelf, surveyed[name].labels_tag)
            shelf.see(surveyed[name].versions)
        models = MappingProxyType({name: shelf.view for name, shelf in self._shelves.items()})
        self.snapshot = replace(self.snapshot, models=models)

    def _new_shelf(self, name: str) -> Shelf:
        return Shelf(
            name, _ModelLoader(self.store, name), keep_versions=self._keep_versions, clock=self._clock,
            on_change=lambda: self._show(name),
        )  # fmt: skip

    def _read_labels(self, shelf: Shelf, tag: str) -> None:
        """Read the labels again, only when their file has changed."""
        if shelf.labels_tag == tag:
            return
        try:
            shelf.note_labels(self.store.labels(shelf.name), tag)
        except StoreUnavailable as error:
            log.warning("labels not read", model=shelf.name, reason=str(error))

    def _show(self, name: str) -> None:
        """Swap in a snapshot with this model as it is now."""
        models = MappingProxyType({**self.snapshot.models, name: self._shelves[name].view})
        self.snapshot = replace(self.snapshot, models=models)

    def _asked_of(self, name: str) -> list[int]:
        """Versions of a model that clients named lately, the latest first."""
        oldest_s = self._clock() - IDLE_S
        named = sorted(((at_s, key) for key, at_s in list(self._asked.items()) if key[0] == name), reverse=True)
        for at_s, key in named:
            if at_s < oldest_s:
                self._asked.pop(key, None)
        return [version for at_s, (_, version) in named if at_s >= oldest_s][:ON_DEMAND]

    def _note_store_error(self, reason: str) -> None:
        if reason != self.snapshot.store_error:
            log.warning("store away", reason=reason) if reason else log.info("store back")
        waiting_for = reason or self.snapshot.waiting_for
        if self.snapshot.is_complete:
            waiting_for = ""
        self.snapshot = replace(self.snapshot, store_error=reason, waiting_for=waiting_for)

    def _wait_for(self, what: str) -> None:
        if not self.snapshot.is_complete:
            self.snapshot = replace(self.snapshot, waiting_for=what)

    def _complete(self) -> None:
        if not self.snapshot.is_complete:
            self.snapshot = replace(self.snapshot, is_complete=True, waiting_for="")
            log.info("ready", **self.snapshot.describe())
