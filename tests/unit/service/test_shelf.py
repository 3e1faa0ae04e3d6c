from collections.abc import Callable

import pytest

from models.errors import CorruptVersion, OnehotError, StoreUnavailable
from models.names import LATEST
from service.predictor import Predictor
from service.shelf import Shelf, wanted_versions
from service.snapshot import DEFAULT, State, VersionFacts


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


def tags(*numbers: int, edition: str = "1") -> dict[int, frozenset[tuple[str, str, int]]]:
    return {number: frozenset({("manifest.json", f"{number}-{edition}", 1)}) for number in numbers}


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
        shown.append({number: str(status.state) for number, status in made.view.versions.items()})

    made = Shelf("classic", versions, keep_versions=2, clock=clock, on_change=on_change)
    return made


def loaded(shelf: Shelf) -> list[int]:
    return [number for number, status in shelf.view.versions.items() if status.predictor]


def refresh(shelf: Shelf, *numbers: int, stable: int | None = None, edition: str = "1", **labels: int) -> None:
    names = labels if stable is None else {**labels, "stable": stable}
    shelf.note_labels(names, str(names))
    shelf.see(tags(*numbers, edition=edition))
    shelf.update(())


def test_the_newest_the_labelled_and_the_default_are_wanted() -> None:
    """The default first, so that the model answers as soon as it can."""
    wanted = wanted_versions([1, 2, 3, 4, 5, 6], {"stable": 3, "canary": 1, "gone": 9}, keep=2, held=[2])
    assert wanted == [3, 6, 1, 5, 2]


def test_old_versions_without_a_label_are_let_go(shelf) -> None:
    """As many of the newest stay as are to be kept."""
    refresh(shelf, 1, stable=1)
    refresh(shelf, 1, 2, 3, 4, stable=4)
    assert loaded(shelf) == [3, 4]
    assert shelf.view.versions[1].state is State.END
    assert shelf.view.versions[1].error_code == "OK"


def test_the_new_version_is_loaded_before_the_old_one_goes(shelf, shown) -> None:
    """At no moment does nothing answer."""
    shelf._keep_versions = 1
    refresh(shelf, 1, stable=1)
    shown.clear()
    refresh(shelf, 1, 2, stable=2)
    assert shown == [
        {1: "AVAILABLE", 2: "LOADING"},
        {1: "AVAILABLE", 2: "AVAILABLE"},
        {1: "END", 2: "AVAILABLE"},
    ]


def test_a_default_that_cannot_be_loaded_leaves_the_last_good_one(shelf, versions) -> None:
    """The status says why, and who answers."""
    refresh(shelf, 1, stable=1)
    versions.broken[2] = corrupt(2)
    refresh(shelf, 1, 2, stable=2)
    view = shelf.view
    assert view.default_version == view.serving["stable"] == view.serving[LATEST] == 1
    assert view.versions[2].state is State.END
    assert view.versions[2].error_code == "DATA_LOSS"
    assert "model.onnx of version 2" in view.versions[2].reason
    assert "version 1 answers in its place" in view.versions[2].reason


def test_after_a_start_the_newest_good_version_stands_in(shelf, versions) -> None:
    """Also when none of those that are wanted can be loaded."""
    versions.broken = {3: corrupt(3), 4: corrupt(4)}
    refresh(shelf, 1, 2, 3, 4, stable=4)
    assert shelf.view.default_version == 2
    assert loaded(shelf) == [2]
    refresh(shelf, 1, 2, 3, 4, stable=4)
    assert loaded(shelf) == [2]


def test_a_label_stays_until_its_new_version_is_loaded(shelf, versions) -> None:
    """No request fails because a label moves."""
    refresh(shelf, 1, 2, stable=1, canary=1)
    versions.broken[2] = corrupt(2)
    refresh(shelf, 1, 2, 3, stable=1, canary=3)
    assert shelf.view.serving["canary"] == 3
    versions.broken[4] = corrupt(4)
    refresh(shelf, 1, 2, 3, 4, stable=1, canary=4)
    assert shelf.view.serving["canary"] == 3


def test_a_canary_that_never_loaded_is_not_another_version(shelf, versions) -> None:
    """Only the default has stand-ins."""
    versions.broken[2] = corrupt(2)
    refresh(shelf, 1, 2, stable=1, canary=2)
    assert "canary" not in shelf.view.serving
    assert "answers in its place" not in shelf.view.versions[2].reason


def test_without_stable_the_highest_number_is_the_default(shelf) -> None:
    """As in TensorFlow Serving."""
    refresh(shelf, 1, 2)
    assert shelf.view.serving[DEFAULT] == 2


def test_a_failed_version_is_tried_again_with_growing_pauses(shelf, versions, clock) -> None:
    """Not at every look at the store."""
    versions.broken[1] = corrupt(1)
    for now_s in range(100):
        clock.now_s = float(now_s)
        refresh(shelf, 1)
    assert len(versions.loads) == 7  # at 0, 1, 3, 7, 15, 31, 63
    versions.broken.clear()
    clock.now_s = 200.0
    refresh(shelf, 1)
    assert loaded(shelf) == [1]
    assert shelf.view.versions[1].reason == ""


def test_a_failed_version_whose_files_change_is_tried_at_once(shelf, versions) -> None:
    """A copy that is complete by now, a file that was put right."""
    versions.broken[1] = corrupt(1)
    refresh(shelf, 1)
    versions.broken.clear()
    refresh(shelf, 1, edition="2")
    assert loaded(shelf) == [1]


def test_a_loaded_version_whose_files_change_is_checked_again(shelf, versions) -> None:
    """One flipped byte, and it serves no longer."""
    refresh(shelf, 1, 2, stable=2)
    versions.broken[2] = corrupt(2)
    shelf.see({**tags(1), **tags(2, edition="2")})
    shelf.update(())
    assert loaded(shelf) == [1]
    assert shelf.view.default_version == 1


def test_a_store_that_is_away_takes_nothing_away(shelf, versions) -> None:
    """What is in memory is as good as before."""
    refresh(shelf, 1)
    versions.broken[1] = StoreUnavailable("gone")
    refresh(shelf, 1, edition="2")
    assert loaded(shelf) == [1]


def test_a_version_that_vanished_is_forgotten(shelf) -> None:
    """It is no longer published."""
    refresh(shelf, 1, 2)
    refresh(shelf, 1)
    assert list(shelf.view.versions) == [1]
    assert shelf.view.default_version == 1


def test_what_is_asked_for_by_number_is_loaded_and_kept(shelf) -> None:
    """Until nobody asks any more."""
    refresh(shelf, 1, 2, 3)
    shelf.update([1])
    assert loaded(shelf) == [1, 2, 3]
    shelf.update([])
    assert loaded(shelf) == [2, 3]


def test_versions_that_are_not_loaded_tell_their_facts(shelf) -> None:
    """The list of models shows the metrics of all versions."""
    refresh(shelf, 1, 2, 3)
    facts: Callable[[int], VersionFacts | None] = lambda number: shelf.view.versions[number].facts  # noqa: E731
    assert facts(1) == VersionFacts("day 1", "softmax", (), {})
    assert facts(3) is not None
