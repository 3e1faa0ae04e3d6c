"""Promotions at rest: who moved which label, when, from where to where, and against what verdict of a gate."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import obstore
from obstore.store import ObjectStore

from models.errors import StoreUnavailable
from models.store.object_store import answering, create, get
from models.store.strict_json import read_object

__all__ = ["MOVE", "PUBLISH", "ROLLBACK", "Move", "Promotion", "PromotionLog"]

PUBLISH, MOVE, ROLLBACK = "publish", "move", "rollback"


@dataclass(frozen=True, slots=True)
class Move:
    """Why a label moves.

    Args:
        by: Who moves it: a job, a user and machine, or the name of a key.
        action: `publish`, `move` or `rollback`.
        verdict: What the gate asked for and did not get, where it is moved by force.
    """

    by: str = ""
    action: str = MOVE
    verdict: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Promotion:
    """One move of a label.

    Args:
        model: The model.
        label: What was moved.
        version: Where it was moved to.
        previous: Where it was before; None when it was nowhere.
        verdict: What the gate asked for and did not get; empty where it holds.
        by: Who did it: a job, a user and machine, or the name of a key.
        at: When, UTC, ISO 8601.
        action: `publish`, `move` or `rollback`.
    """

    model: str
    label: str
    version: int
    previous: int | None
    verdict: tuple[str, ...]
    by: str
    at: str
    action: str = MOVE

    @classmethod
    def now(cls, model: str, label: str, version: int, *, previous: int | None, move: Move) -> "Promotion":
        """A promotion that happens now."""
        at = datetime.now(UTC).isoformat(timespec="microseconds")
        return cls(model, label, version, previous, move.verdict, move.by, at, move.action)


@dataclass(frozen=True, slots=True)
class PromotionLog:
    """The moves of one model's labels, an object each: nothing that was recorded is ever written again.

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
            document = read_object(content or b"")
            return Promotion(**{**document, "verdict": tuple(document["verdict"])})
        except (ValueError, TypeError, KeyError) as error:
            raise StoreUnavailable(f"{path}: expected a promotion as JSON; received {error}") from error

    def named(self, label: str, *, current: int) -> list[int]:
        """The versions that a label named before the current one, the latest first, without what a rollback took back.

        Args:
            label: The label.
            current: What it names now.
        """
        names: list[int] = []
        for one in self.read():
            if one.label == label:
                names = _after(names, one)
        if current in names:
            names = names[: _last(names, current)]
        return [version for version in reversed(names) if version != current]


def _after(names: list[int], promotion: Promotion) -> list[int]:
    """What a label named, in order, once it was moved."""
    version, previous = promotion.version, promotion.previous
    if promotion.action == ROLLBACK and version in names:
        return names[: _last(names, version) + 1]
    unrecorded = previous is not None and names[-1:] != [previous]
    return [*names, previous, version] if unrecorded and previous is not None else [*names, version]


def _last(names: list[int], version: int) -> int:
    return len(names) - 1 - names[::-1].index(version)
