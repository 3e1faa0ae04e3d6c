"""Which side of a rollout answers a caller: by a hash, so that every process of every service decides alike."""

import random
import time
from collections.abc import Callable
from hashlib import blake2b

from service.registry.coordination.traffic_split import TrafficSplit
from service.registry.registry import Registry
from service.traffic.traffic import Caller

__all__ = ["RolloutRouter", "canary_share", "place_of"]

PLACES = 2.0**64
REQUEST_ID = "x-request-id"
GOLDEN = 0.6180339887498949
"""Its multiples, without their whole part, spread more evenly than random numbers: Weyl's sequence."""


def place_of(rollout: str, identity: str) -> float:
    """Where a caller stands between 0 and 1, evenly spread and the same everywhere.

    The candidate answers those below its share: a larger share only adds callers to it. Of another rollout the places
    are others, so that it is not always the same callers who try what is new.
    """
    digest = blake2b(f"{rollout}\n{identity}".encode(errors="surrogateescape"), digest_size=8).digest()
    return int.from_bytes(digest) / PLACES


def canary_share(split: TrafficSplit, now_s: float) -> float:
    """The candidate's share of the callers; that of the step before until the new one begins."""
    return split.canary if now_s >= split.from_s else split.canary_before


class RolloutRouter:
    """Sends callers of the default version to the candidate of the model's rollout, if there is one.

    Args:
        registry: Knows the split that all processes of this service follow now.
        clock: That of the split's beginning.
    """

    def __init__(self, registry: Registry, clock: Callable[[], float] = time.monotonic) -> None:
        self._registry = registry
        self._clock = clock
        self._place = random.random()  # noqa: S311 -- no secret

    def version_for(self, model: str, caller: Caller) -> int | None:
        """The candidate; None for the default version, which the caller has found just now."""
        split = self._registry.splits.get(model)
        return None if split is None else self._side(split, caller)

    def _side(self, split: TrafficSplit, caller: Caller) -> int | None:
        share = canary_share(split, self._clock())
        if share <= 0.0:
            return None
        return split.candidate if self._place_of(split, caller) < share else None

    def _place_of(self, split: TrafficSplit, caller: Caller) -> float:
        """By the header that the rollout names, else by the key, else by the id that the caller gave the request.

        A request that has none of them comes from nowhere in particular: it gets the next place of an even sequence.
        """
        sticky = caller.header(split.sticky) if split.sticky else None
        identity = sticky or caller.key_id or (caller.header(REQUEST_ID) and caller.request_id)
        if identity:
            return place_of(split.rollout, identity)
        self._place = (self._place + GOLDEN) % 1.0
        return self._place
