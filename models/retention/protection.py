"""What keeps a version: a label, that it answers by default, a rollout, or that a rollback of `stable` goes to it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from models.names import STABLE
from models.rollout.rollout_store import RolloutStore
from models.store.deletion_marks import names_in
from models.store.label_moves import gate_holds
from models.store.manifest import MANIFEST
from models.store.promotions import PromotionLog
from models.store.store import Store

__all__ = ["Protection"]


@dataclass(frozen=True, slots=True)
class Protection:
    """What keeps the versions of one model; its record of promotions is read once.

    Args:
        store: Where they are.
        model: The model's name.
        log: Its record of promotions.
    """

    store: Store
    model: str
    log: PromotionLog

    @classmethod
    def of(cls, store: Store, model: str) -> Self:
        """Of a model of a store."""
        return cls(store, model, PromotionLog(store.objects, model))

    def reasons(self, *, moved_since: datetime | None = None) -> dict[int, str]:
        """Version → why it is kept.

        Args:
            moved_since: What a label is about to come to is kept too, when that was recorded since then.

        Raises:
            StoreUnavailable: When labels, promotions or the rollout cannot be read: what they name is not known.
        """
        labels = self.store.labels(self.model)
        pending = self.log.pending(labels, since=moved_since) if moved_since else set()
        current = labels[STABLE] if STABLE in labels else max(self.store.versions(self.model), default=0)
        last_good = self._last_good(current)
        return {
            **dict.fromkeys(pending, "a label is about to come to it"),
            **({} if last_good is None else {last_good: "it is the last good one: a rollback of `stable` goes to it"}),
            **self._rolled_out(),
            **({} if STABLE in labels else {current: "it answers by default, as no version is `stable`"}),
            **{version: f"label {label!r} names it" for label, version in sorted(labels.items())},
        }

    def _rolled_out(self) -> dict[int, str]:
        """The versions of a rollout that is under way."""
        rollout = RolloutStore(self.store, self.model).read()
        if rollout is None or not rollout.is_under_way:
            return {}
        return {
            rollout.baseline: "a rollout that is under way goes back to it",
            rollout.candidate: "a rollout of it is under way",
        }

    def _last_good(self, current: int) -> int | None:
        """What `onehot models rollback` would go to."""
        for version in self.log.named(STABLE, current=current):
            if MANIFEST in names_in(self.store.objects, f"{self.model}/{version}"):
                return version
        older = [number for number in reversed(self.store.claimed(self.model)) if number < current]
        return next((number for number in older if gate_holds(self.store, self.model, number)), None)
