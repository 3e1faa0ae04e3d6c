"""All models of one process: what it was told to load, and what it has.

Only the thread that refreshes touches them; everybody else reads `models`, which is replaced as a whole.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from models.store.store import Store
from service.registry.coordination.committed_state import Agreement
from service.registry.coordination.desired_state import Plan
from service.registry.model_versions import Shelf
from service.registry.snapshot import HeldModel
from service.registry.verified_loading import VersionLoader

__all__ = ["Shelves"]


class Shelves:
    """A shelf for each model.

    Args:
        store: Gives the store, opened when it is first needed.
        clock: Seconds that only go forward.
        on_change: Called whenever `models` is another one.
    """

    def __init__(
        self, store: Callable[[], Store], *, clock: Callable[[], float], on_change: Callable[[], None]
    ) -> None:  # fmt: skip
        self.models: Mapping[str, HeldModel] = MappingProxyType({})
        self._store = store
        self._clock = clock
        self._on_change = on_change
        self._plan = Plan()
        self._shelves: dict[str, Shelf] = {}

    @property
    def loaded(self) -> dict[str, frozenset[int]]:
        """Model → versions that can answer."""
        return {name: shelf.loaded for name, shelf in self._shelves.items()}

    @property
    def failed(self) -> dict[str, frozenset[int]]:
        """Model → versions that cannot answer, or should not any more."""
        return {name: shelf.failed for name, shelf in self._shelves.items()}

    def has_all(self, agreement: Agreement) -> bool:
        """Whether everything that answers by an agreement is loaded here."""
        loaded = self.loaded
        return all(
            set(one.serving.values()) <= loaded.get(name, frozenset()) for name, one in agreement.models.items()
        )  # fmt: skip

    def see(self, plan: Plan) -> None:
        """Take notice of a plan: every model is known before the first of them is loaded."""
        if plan is self._plan:
            return
        self._plan = plan
        for name in plan.models:
            if name not in self._shelves:
                self._shelves[name] = self._new_shelf(name)
        for name, shelf in self._shelves.items():
            shelf.see(plan.models[name].tags if name in plan.models else {})
        self._show(*self._shelves)

    def update(self, name: str) -> None:
        """Load what the plan wants of a model and what is not loaded."""
        one = self._plan.models[name]
        self._shelves[name].update(one.wanted, one.refused)

    def let_go(self, agreement: Agreement) -> bool:
        """Drop what is neither planned nor answers any more; whether anything was loaded of it."""
        was_loaded = False
        for name, shelf in self._shelves.items():
            wanted = self._plan.models[name].wanted if name in self._plan.models else ()
            was_loaded |= shelf.let_go({*wanted, *agreement.model(name).ready})
        kept = {name: one for name, one in self._shelves.items() if name in self._plan.models or one.loaded}
        if len(kept) < len(self._shelves):
            self._shelves = kept
            self._show()
        return was_loaded

    def read_facts(self, *, most: int) -> bool:
        """Read what is only shown of versions; whether more is missing than was to be read now."""
        left = most
        for shelf in self._shelves.values():
            left -= shelf.read_missing_facts(most=left)
        return left < 0

    def _new_shelf(self, name: str) -> Shelf:
        loader = VersionLoader(self._store, name)
        return Shelf(name, loader, clock=self._clock, on_change=lambda: self._show(name))

    def _show(self, *names: str) -> None:
        """Show these models as they are now."""
        models = {**self.models, **{name: self._held(name) for name in names}}
        self.models = MappingProxyType({name: models[name] for name in sorted(models) if name in self._shelves})
        self._on_change()

    def _held(self, name: str) -> HeldModel:
        one = self._plan.models.get(name)
        statuses = self._shelves[name].statuses
        if one is None:
            return HeldModel(frozenset(), statuses, MappingProxyType({}))
        return HeldModel(frozenset(one.tags), statuses, MappingProxyType(dict(one.labels)))
