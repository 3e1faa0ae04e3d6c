"""Rollouts in a store of two versions, followed by one process without threads."""

from collections.abc import Callable
from typing import Any

import pytest

from models.rollout.rollout import Rollout
from models.rollout.rollout_course import begin_rollout
from models.rollout.rollout_store import RolloutStore
from models.spec.rollout.rollout_plan import read_plan
from models.store.store import Store
from service.registry.coordination.traffic_split import SWITCH_S


class Clock:
    """Time that a test moves, of all clocks."""

    now_s = 0.0

    def __call__(self) -> float:
        """What the test set."""
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(store_folder) -> Store:
    """This test's store."""
    return Store.open(store_folder)


@pytest.fixture
def two_versions(publish) -> None:
    """Version 1 is the default, version 2 is not."""
    publish()
    publish("classic", "classic-b", promote=False)


@pytest.fixture
def begin(store) -> Callable[..., Rollout]:
    """Begin a rollout of version 2."""

    def _begin(*steps: dict[str, float], candidate: int = 2, **changes: Any) -> Rollout:
        plan = {"steps": [*steps], "hold_s": 0, "minimum_rows": 1, **changes}
        return begin_rollout(store, "classic", candidate, read_plan(plan), by="a test")

    return _begin


@pytest.fixture
def change(store) -> Callable[[Callable[[Rollout], Rollout]], Rollout]:
    """Change the rollout in the store."""
    return lambda changed: RolloutStore(store, "classic").change(changed)


@pytest.fixture
def current(store) -> Callable[[], Rollout]:
    """The rollout in the store."""

    def _current() -> Rollout:
        found = RolloutStore(store, "classic").read()
        assert found is not None
        return found

    return _current


@pytest.fixture
def begun_long_ago(registry) -> None:
    """This machine's clock is ahead of the one that decided: every step has begun when it is read."""
    registry.switch_clock.offset_s = 2 * SWITCH_S
