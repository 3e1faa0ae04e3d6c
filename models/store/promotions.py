"""Promotions at rest: who moved which label, when, from where to where, and against what verdict of a gate."""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

import obstore
from obstore.store import ObjectStore

from models.errors import StoreUnavailable
from models.store.object_store import answering, create, get
from models.strict_json import read_object

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
    _known: dict[str, Promotion] = field(default_factory=dict, repr=False, compare=False)

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
        return [self._read(path) for path in sorted(self._recorded())]

    def pending(self, labels: Mapping[str, int], *, since: datetime) -> set[int]:
        """The versions that a label may be about to come to.

        A move that was recorded and that the label does not show, nor a later one of the same label, may be under way.

        Args:
            labels: As they are.
            since: By the store's clock; what was recorded before is not under way any more.

        Raises:
            StoreUnavailable: As `read`.
        """
        found: defaultdict[str, set[int]] = defaultdict(set)
        for path, at in sorted(self._recorded().items(), key=lambda one: (one[1], one[0])):
            move = self._read(path)
            if labels.get(move.label) == move.version:
                found[move.label].clear()
            elif at >= since:
                found[move.label].add(move.version)
        return set().union(*found.values())

    def named_since(self, since: datetime) -> set[int]:
        """The versions that labels were moved to, or away from, since then, by the store's clock.

        Raises:
            StoreUnavailable: As `read`.
        """
        moves = [self._read(path) for path, at in self._recorded().items() if at >= since]
        return {version for move in moves for version in (move.version, move.previous) if version is not None}

    def _recorded(self) -> dict[str, datetime]:
        with answering():
            listing = obstore.list_with_delimiter(self.objects, self._folder)
        return {entry["path"]: entry["last_modified"] for entry in listing["objects"]}

    def _read(self, path: str) -> Promotion:
        if path not in self._known:
            self._known[path] = self._promotion(path, get(self.objects, path))
        return self._known[path]

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
