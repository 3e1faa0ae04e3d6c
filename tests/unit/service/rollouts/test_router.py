import math
from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import pytest

from service.registry.coordination.traffic_split import TrafficSplit
from service.rollouts.router import RolloutRouter, place_of

SPLIT = TrafficSplit("r", 1, baseline=1, candidate=2, canary=0.25, sticky="x-user-id")
REQUESTS = 100_000


@dataclass
class Caller:
    """What is known of who asks."""

    request_id: str = "generated"
    key_id: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def header(self, name: str) -> str | None:
        """By its name in lower case."""
        return self.headers.get(name)


def router_of(split: TrafficSplit | None, now_s: float = 0.0) -> RolloutRouter:
    splits = {} if split is None else {"classic": split}
    return RolloutRouter(SimpleNamespace(splits=splits), lambda: now_s)


def user(name: str) -> Caller:
    return Caller(headers={"x-user-id": name})


def test_places_are_the_same_in_every_process_and_in_every_release() -> None:
    """Another hash would send callers back when services are updated one after the other."""
    assert place_of("r", "ann") == pytest.approx(0.01884, abs=1e-5)
    assert place_of("r", "bob") == pytest.approx(0.35278, abs=1e-5)
    assert place_of("s", "ann") != place_of("r", "ann")


@pytest.mark.parametrize("share", [0.01, 0.05, 0.25, 0.5, 0.9])
def test_requests_without_identity_are_split_exactly(share) -> None:
    """Within 0.2 points at 100 000 requests over six processes, whichever of them takes how many."""
    routers = [router_of(replace(SPLIT, canary=share)) for _ in range(6)]
    sides = [routers[number % 7 % 6].version_for("classic", Caller()) for number in range(REQUESTS)]
    assert sides.count(2) / REQUESTS == pytest.approx(share, abs=0.002)


def test_callers_are_split_as_evenly_as_chance_does() -> None:
    """Three standard deviations."""
    sides = [router_of(SPLIT).version_for("classic", user(f"user {number}")) for number in range(20_000)]
    assert abs(sides.count(2) / 20_000 - 0.25) < 3 * math.sqrt(0.25 * 0.75 / 20_000)


def test_a_larger_share_only_moves_callers_forward() -> None:
    """Who was answered by the candidate stays with it."""
    moved = [
        {
            name
            for name in map(str, range(2000))
            if router_of(replace(SPLIT, canary=share)).version_for("classic", user(name))
        }
        for share in (0.05, 0.25, 1.0)
    ]
    assert moved[0] < moved[1] < moved[2]
    assert len(moved[2]) == 2000


def test_the_header_comes_before_the_key_and_the_key_before_the_request() -> None:
    """Each decides where those before it are missing; a version may be asked with another casing of the header."""
    router = router_of(replace(SPLIT, canary=0.3))
    assert router.version_for("classic", Caller(key_id="bob", headers={"x-user-id": "ann"})) == 2
    assert router.version_for("classic", Caller(key_id="bob")) is None
    assert router.version_for("classic", Caller(request_id="ann", headers={"x-request-id": "ann"})) == 2
    assert router.version_for("classic", Caller(request_id="bob", headers={"x-request-id": "bob"})) is None


def test_a_step_begins_at_one_instant() -> None:
    """Until then the share is that of the step before."""
    split = replace(SPLIT, canary=1.0, canary_before=0.0, from_s=10.0)
    assert router_of(split, 9.9).version_for("classic", user("ann")) is None
    assert router_of(split, 10.0).version_for("classic", user("ann")) == 2


def test_without_a_rollout_the_default_version_answers() -> None:
    """So it does in a step that is only a shadow."""
    assert router_of(None).version_for("classic", user("ann")) is None
    assert router_of(replace(SPLIT, canary=0.0, shadow=1.0)).version_for("classic", user("ann")) is None
