"""What is counted of both sides in one step of a rollout; figures of several processes add up.

The unit is the request: rows of one request are alike, so a request counts once, with the share of its rows for which
something holds. That keeps the tests in `models/rollout/verdicts.py` valid whatever the rows of a request have in
common.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import reduce
from typing import Any, NoReturn, Self

import numpy as np
from numpy.typing import NDArray

from models.rollout.latency_bins import BINS, Counts

__all__ = ["MOST_CLASSES", "PairFigures", "RolloutFigures", "Shares", "SideFigures", "added"]

Shares = NDArray[np.float64]
MOST_CLASSES = 1000
"""Classes that are told apart; those behind are counted with the last."""


def _latencies() -> Counts:
    return np.zeros(BINS, np.int64)


def _no_classes() -> Shares:
    return np.zeros(0)


@dataclass(slots=True, eq=False)
class _Additive:
    """Counts and sums; arrays of them by class or bin, which grow when more classes come."""

    def __add__(self, other: Self) -> Self:
        sums = {one.name: _sum(getattr(self, one.name), getattr(other, one.name)) for one in fields(self)}
        return type(self)(**sums)

    @property
    def document(self) -> dict[str, Any]:
        """As plain JSON values; arrays without their zeros."""
        return {one.name: _plain(getattr(self, one.name)) for one in fields(self)}

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """What `document` gave, also of an older or newer process: what it lacks is nothing, what is unknown is left.

        Raises:
            ValueError: When a value is none that `document` gives.
        """
        empty = cls()
        return cls(**{
            one.name: _read(document[one.name], getattr(empty, one.name))
            for one in fields(cls) if one.name in document
        })  # fmt: skip


@dataclass(slots=True, eq=False)
class SideFigures(_Additive):
    """What one version did in a step.

    Args:
        requests: Requests that it computed or failed to compute.
        errors: Those that it failed to compute.
        rows: Rows of those that it computed.
        latencies: `(BINS,)`: requests by the time that the version took to compute.
        class_shares: `(classes,)`: the sum over its requests of the share of rows that got each class; empty for a
            regression.
        labelled: Rows for which a true label came.
        correct: Those that it predicted rightly.
    """

    requests: int = 0
    errors: int = 0
    rows: int = 0
    latencies: Counts = field(default_factory=_latencies)
    class_shares: Shares = field(default_factory=_no_classes)
    labelled: int = 0
    correct: int = 0


@dataclass(slots=True, eq=False)
class PairFigures(_Additive):
    """What both versions said of the same rows, in a shadow step; classes are the default version's.

    Args:
        requests: Requests that both computed.
        agreement: The sum over them of the share of rows to which both gave the same class.
        rows: `(classes,)`: rows by the default version's class.
        agreed: `(classes,)`: those of them to which the candidate gave the same.
        shift: `(classes,)`: the sum over them of the candidate's score of that class less the default version's.
        shed: Requests that were to be compared, and were not, as the machine was busy.
    """

    requests: int = 0
    agreement: float = 0.0
    rows: Shares = field(default_factory=_no_classes)
    agreed: Shares = field(default_factory=_no_classes)
    shift: Shares = field(default_factory=_no_classes)
    shed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class RolloutFigures:
    """The figures of one step.

    Args:
        seconds: For how long the step has been watched: the longest of any process, each by a clock of its own that
            never goes back.
        default: What the default version did. In a shadow step of the requests that the candidate was to compute, too.
        candidate: What the candidate did.
        pairs: What both said of the same rows; nothing in a canary step.
    """

    seconds: float = 0.0
    default: SideFigures = field(default_factory=SideFigures)
    candidate: SideFigures = field(default_factory=SideFigures)
    pairs: PairFigures = field(default_factory=PairFigures)

    def __add__(self, other: "RolloutFigures") -> "RolloutFigures":
        """The figures of two processes of the same step."""
        return RolloutFigures(
            max(self.seconds, other.seconds),
            self.default + other.default,
            self.candidate + other.candidate,
            self.pairs + other.pairs,
        )

    def to_bytes(self) -> bytes:
        """As JSON, which `from_bytes` reads."""
        parts = {"default": self.default, "candidate": self.candidate, "pairs": self.pairs}
        document = {"seconds": self.seconds, **{name: one.document for name, one in parts.items()}}
        return json.dumps(document, separators=(",", ":"), allow_nan=False).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """What `to_bytes` gave.

        Raises:
            ValueError: When it is none.
        """
        try:
            document = json.loads(content, parse_constant=_refuse)  # the strict reader takes ten times as long
            return cls(
                float(document["seconds"]),
                SideFigures.of(document["default"]),
                SideFigures.of(document["candidate"]),
                PairFigures.of(document["pairs"]),
            )
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise ValueError(f"no figures of a rollout: {error!r}") from error


def added(blobs: Iterable[bytes]) -> RolloutFigures:
    """The sum of what processes posted; what cannot be read is left out."""
    return reduce(
        RolloutFigures.__add__, filter(None, map(_readable(RolloutFigures.from_bytes), blobs)), RolloutFigures()
    )


def _readable(read: Callable[[bytes], RolloutFigures]) -> Callable[[bytes], RolloutFigures | None]:
    def tried(blob: bytes) -> RolloutFigures | None:
        try:
            return read(blob)
        except ValueError:
            return None

    return tried


def _sum(one: Any, other: Any) -> Any:
    if not isinstance(one, np.ndarray):
        return one + other
    longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
    total = longer.copy()
    total[: len(shorter)] += shorter
    return total


def _plain(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return value
    places = np.flatnonzero(value)
    return {"length": len(value), "at": places.tolist(), "values": value[places].tolist()}


def _read(value: Any, like: Any) -> Any:
    if not isinstance(like, np.ndarray):
        return type(like)(value)
    length = int(value["length"])
    if not 0 <= length <= max(MOST_CLASSES, BINS):
        raise ValueError(f"an array of {length} values")
    made = np.zeros(length, like.dtype)
    made[np.asarray(value["at"], np.int64)] = value["values"]
    return made


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
