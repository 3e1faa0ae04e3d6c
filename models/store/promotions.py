"""Forced promotions at rest: who moved a label onto a version whose gate does not hold, when, against what verdict."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import obstore
from obstore.store import ObjectStore

from models.errors import GateDoesNotHold, StoreUnavailable
from models.store.gate_verdict import failed_rules, gate_verdict
from models.store.object_store import answering, create, get
from models.store.store import Store

__all__ = ["Promotion", "PromotionLog", "move_label"]


@dataclass(frozen=True, slots=True)
class Promotion:
    """One forced promotion.

    Args:
        model: The model.
        label: What was moved.
        version: Where it was moved to.
        previous: Where it was before; None when it was nowhere.
        verdict: What the gate asked for and did not get.
        by: Who did it: a user and machine, or the name of a key.
        at: When, UTC, ISO 8601.
    """

    model: str
    label: str
    version: int
    previous: int | None
    verdict: tuple[str, ...]
    by: str
    at: str

    @classmethod
    def now(
        cls, model: str, label: str, version: int, *, previous: int | None, verdict: Sequence[str], by: str
    ) -> "Promotion":
        """A promotion that happens now."""
        return cls(
            model, label, version, previous, tuple(verdict), by, datetime.now(UTC).isoformat(timespec="microseconds")
        )


@dataclass(frozen=True, slots=True)
class PromotionLog:
    """The forced promotions of one model, an object each: nothing that was recorded is ever written again.

    Args:
        objects: The store.
        model: The model's name.
    """

    objects: ObjectStore
    model: str

    @property
    def _folder(self) -> str:
        return f"{self.model}/promotions"

    def record(self, promotion: Promotion) -> None:
        """Write a promotion down.

        Raises:
            StoreUnavailable: When the store does not answer.
        """
        content = json.dumps(asdict(promotion), indent=1, ensure_ascii=False).encode()
        stamp = promotion.at.replace(":", "").replace("+0000", "Z")
        for attempt in range(100):
            if create(self.objects, f"{self._folder}/{stamp}-{attempt:02}.json", content):
                return
        raise StoreUnavailable(f"{self._folder}: 100 promotions at {promotion.at}")

    def read(self) -> list[Promotion]:
        """Every recorded promotion, the oldest first.

        Raises:
            StoreUnavailable: When the store does not answer, or a record cannot be read.
        """
        with answering():
            listing = obstore.list_with_delimiter(self.objects, self._folder)
        paths = sorted(entry["path"] for entry in listing["objects"])
        return [self._promotion(path, get(self.objects, path)) for path in paths]

    def _promotion(self, path: str, content: bytes | None) -> Promotion:
        try:
            document: dict[str, Any] = json.loads(content or b"")
            return Promotion(**{**document, "verdict": tuple(document["verdict"])})
        except (ValueError, TypeError, KeyError) as error:
            raise StoreUnavailable(f"{path}: expected a promotion as JSON; received {error}") from error


def move_label(store: Store, model: str, label: str, version: int, *, forced_by: str | None) -> dict[str, int]:
    """Move a label to a version; against the verdict of its gate only by force, which is recorded before it happens.

    Args:
        store: Where both are.
        model: The model's name.
        label: The label, which may be new.
        version: Where it goes.
        forced_by: Who forces it, a user and machine or the name of a key; None when it is not forced.

    Returns:
        Label → version, as they are now.

    Raises:
        ModelNotFound, VersionNotFound: When there is no such version.
        GateDoesNotHold: When its gate does not hold and the move is not forced.
        StoreUnavailable: When the store does not answer.
    """
    store.resolve(model, version=version)
    gate = store.manifest(model, version).gate
    verdict, sentence = failed_rules(gate), gate_verdict(gate)
    if sentence is not None and forced_by is None:
        raise GateDoesNotHold(model, version, label=label, verdict=sentence)
    if verdict and forced_by is not None:
        previous = store.labels(model).get(label)
        promotion = Promotion.now(model, label, version, previous=previous, verdict=verdict, by=forced_by)
        PromotionLog(store.objects, model).record(promotion)
    store.set_label(model, label, version)
    return store.labels(model)
