from collections.abc import Callable

import pytest

from models.errors import CorruptVersion, OnehotError, StoreUnavailable
from service.inference.predictor import Predictor
from service.registry.model_versions import Shelf
from service.registry.snapshot import State, VersionFacts


class Versions:
    """A loader that holds what the test puts there, and notes what it was asked for."""

    def __init__(self, predictor: Predictor) -> None:
        self.predictor = predictor
        self.broken: dict[int, OnehotError] = {}
        self.loads: list[int] = []

    def load(self, version: int) -> Predictor:
        """The same for every version, or the error that the test put there."""
        self.loads.append(version)
        if version in self.broken:
            raise self.broken[version]
        return self.predictor

    def facts(self, version: int) -> VersionFacts:
        """Told apart by their date."""
        return VersionFacts(f"day {version}", "softmax", (), {})


class Clock:
    """Time that a test moves."""

    now_s = 0.0

    def __call__(self) -> float:
        """What the test set."""
        return self.now_s


def corrupt(version: int) -> CorruptVersion:
    return CorruptVersion("classic", version, file="model.onnx", expected="sha-256 a", received="sha-256 b")


@pytest.fixture
def versions(predictor_of) -> Versions:
    return Versions(predictor_of())


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shown() -> list[dict[int, str]]:
    """The states that were shown, one after the other."""
    return []


@pytest.fixture
def shelf(versions, clock, shown) -> Shelf:
    def on_change() -> None:
        shown.append({number: str(status.state) for number, status in made.statuses.items()})

    made = Shelf("classic", versions, clock=clock, on_change=on_change)
    return made


def update(shelf: Shelf, *wanted: int, published: int = 4, edition: str = "1") -> None:
    shelf.see({number: f"{number}-{edition}" for number in range(1, published + 1)})
    shelf.update(wanted, {})


def test_what_is_wanted_is_loaded_and_the_old_stays_until_it_is_let_go(shelf, shown) -> None:
    """At no moment does nothing answer."""
    update(shelf, 1, published=1)
    shown.clear()
    update(shelf, 2, published=2)
    assert shelf.loaded == {1, 2}
    assert shelf.let_go([2])
    assert shown == [
        {1: "AVAILABLE", 2: "LOADING"},
        {1: "AVAILABLE", 2: "AVAILABLE"},
        {1: "END", 2: "AVAILABLE"},
    ]
    assert not shelf.let_go([2])


def test_a_version_that_fails_says_why(shelf, versions) -> None:
    """With the code that TensorFlow Serving has for it."""
    versions.broken[2] = corrupt(2)
    update(shelf, 2)
    status = shelf.statuses[2]
    assert (status.state, status.error_code) == (State.END, "DATA_LOSS")
    assert "model.onnx of version 2" in status.reason
    assert (shelf.loaded, shelf.failed) == (frozenset(), {2})


def test_a_failed_version_is_tried_again_with_growing_pauses(shelf, versions, clock) -> None:
    """Not at every look at the store."""
    versions.broken[1] = corrupt(1)
    for now_s in range(100):
        clock.now_s = float(now_s)
        update(shelf, 1)
    assert len(versions.loads) == 7  # at 0, 1, 3, 7, 15, 31, 63
    versions.broken.clear()
    clock.now_s = 200.0
    update(shelf, 1)
    assert shelf.loaded == {1}
    assert shelf.statuses[1].reason == ""


def test_a_failed_version_whose_files_change_is_tried_at_once(shelf, versions) -> None:
    """A copy that is complete by now, a file that was put right."""
    versions.broken[1] = corrupt(1)
    update(shelf, 1)
    versions.broken.clear()
    update(shelf, 1, edition="2")
    assert (shelf.loaded, shelf.failed) == ({1}, frozenset())


def test_a_loaded_version_that_is_found_broken_answers_until_it_is_let_go(shelf, versions) -> None:
    """One flipped byte: it has failed, and yet no request fails meanwhile."""
    update(shelf, 2)
    versions.broken[2] = corrupt(2)
    update(shelf, 2, edition="2")
    assert (shelf.loaded, shelf.failed) == ({2}, {2})
    shelf.let_go([])
    assert (shelf.loaded, shelf.failed) == (frozenset(), {2})
    assert "model.onnx of version 2" in shelf.statuses[2].reason


def test_a_store_that_is_away_takes_nothing_away(shelf, versions, clock) -> None:
    """What is in memory is as good as before; the store is asked again with pauses."""
    update(shelf, 1)
    versions.broken[1] = StoreUnavailable("gone")
    for _ in range(5):
        update(shelf, 1, edition="2")
    assert (shelf.loaded, shelf.failed) == ({1}, frozenset())
    assert len(versions.loads) == 2
    versions.broken[1] = corrupt(1)
    clock.now_s = 2.0
    update(shelf, 1, edition="2")
    assert shelf.failed == {1}


def test_a_version_that_vanished_answers_until_it_is_let_go(shelf) -> None:
    """It is no longer published, and then it is forgotten."""
    update(shelf, 1, 2, published=2)
    update(shelf, 1, published=1)
    assert (shelf.loaded, shelf.failed) == ({1, 2}, {2})
    shelf.let_go([1])
    assert list(shelf.statuses) == [1]


def test_a_version_that_was_let_go_comes_back(shelf, versions) -> None:
    """When it is wanted again, at once."""
    update(shelf, 1, 2)
    shelf.let_go([2])
    update(shelf, 1, 2)
    assert shelf.loaded == {1, 2}
    assert versions.loads == [1, 2, 1]


def test_a_refused_version_says_why_and_is_loaded_when_it_is_no_longer_refused(shelf) -> None:
    """It has not failed: nothing is wrong with it."""
    shelf.see({1: "a", 2: "b"})
    shelf.update([1], {2: "not enough memory"})
    assert (shelf.statuses[2].error_code, shelf.statuses[2].reason) == ("RESOURCE_EXHAUSTED", "not enough memory")
    assert shelf.failed == frozenset()
    shelf.let_go([1])
    shelf.update([1, 2], {})
    assert shelf.loaded == {1, 2}
    assert shelf.statuses[2].reason == ""


def test_versions_that_are_not_loaded_tell_their_facts(shelf) -> None:
    """The list of models shows the metrics of all versions."""
    update(shelf, 3)
    assert shelf.read_missing_facts(most=2) == 3
    assert [number for number, status in shelf.statuses.items() if status.facts is None] == [1]
    assert shelf.read_missing_facts(most=2) == 1
    assert shelf.read_missing_facts(most=2) == 0
    facts: Callable[[int], VersionFacts | None] = lambda number: shelf.statuses[number].facts  # noqa: E731
    assert facts(1) == VersionFacts("day 1", "softmax", (), {})
    assert facts(3) is not None
