"""All models of one process: what it is to load, and what it has.

Only the thread that refreshes changes them; requests read `state`, which is replaced as a whole.
"""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

from models.store.store import Store
from service.registry.coordination.committed_state import CommittedState
from service.registry.coordination.desired_state import DesiredState
from service.registry.model_versions import ModelVersions
from service.registry.snapshot import LoadedModel
from service.registry.verified_loading import VersionLoader

__all__ = ["LoadedModels"]


class LoadedModels:
    """The versions of each model.

    Args:
        store: Gives the store, opened when it is first needed.
        clock: Seconds that only go forward.
        on_change: Called whenever `state` is another one.
    """

    def __init__(
        self, store: Callable[[], Store], *, clock: Callable[[], float], on_change: Callable[[], None]
    ) -> None:  # fmt: skip
        self.desired = DesiredState()
        self._store = store
        self._clock = clock
        self._on_change = on_change
        self._models: dict[str, ModelVersions] = {}

    @property
    def state(self) -> Mapping[str, LoadedModel]:
        """Each model as it is in this process."""
        return MappingProxyType({name: self._models[name].state for name in sorted(self._models)})

    @property
    def loaded(self) -> dict[str, frozenset[int]]:
        """Model → versions that can answer."""
        return {name: one.loaded for name, one in self._models.items()}

    @property
    def failed(self) -> dict[str, frozenset[int]]:
        """Model → versions that cannot answer, or should not any more."""
        return {name: one.failed for name, one in self._models.items()}

    @property
    def waits_for_store(self) -> bool:
        """Whether a version is missing because the store did not answer a moment ago."""
        return any(one.waits_for_store for one in self._models.values())

    @property
    def next_try_s(self) -> float:
        """When what failed to load is to be tried again."""
        return min((one.next_try_s for one in self._models.values()), default=math.inf)

    def has_all(self, committed: CommittedState) -> bool:
        """Whether everything that answers by a committed state is loaded here."""
        loaded = self.loaded
        return all(
            one.answering <= loaded.get(name, frozenset()) for name, one in committed.models.items()
        )  # fmt: skip

    def follow(self, desired: DesiredState) -> None:
        """Take notice of a desired state: every model is known before the first of them is loaded."""
        if desired is self.desired:
            return
        self.desired = desired
        for name in desired.models:
            if name not in self._models:
                loader = VersionLoader(self._store, name)
                self._models[name] = ModelVersions(name, loader, clock=self._clock, on_change=self._on_change)
        for name, one in self._models.items():
            one.follow(desired.model(name))
        self._on_change()

    def load(self, name: str) -> None:
        """Load what is wanted of a model and not loaded."""
        self._models[name].load()

    def unload(self, committed: CommittedState) -> bool:
        """Drop what is neither wanted nor answers any more; whether anything was loaded of it."""
        was_loaded = False
        for name, one in self._models.items():
            was_loaded |= one.unload({*self.desired.model(name).wanted, *committed.model(name).ready})
        kept = {name: one for name, one in self._models.items() if name in self.desired.models or one.loaded}
        if len(kept) < len(self._models):
            self._models = kept
            self._on_change()
        return was_loaded

    def read_facts(self, *, most: int) -> bool:
        """Read what is shown of versions that cannot answer; whether more is missing than was to be read now."""
        left = most
        for one in self._models.values():
            left -= one.read_missing_facts(most=left, only_wanted=True)
        return left < 0
