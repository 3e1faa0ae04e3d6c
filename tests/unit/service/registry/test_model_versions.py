from collections.abc import Callable

import pytest

from models.errors import CorruptVersion, OnehotError, StoreUnavailable
from service.inference.predictor import Predictor
from service.registry.coordination.desired_state import DesiredModel
from service.registry.model_versions import ModelVersions
from service.registry.snapshot import State, VersionFacts


class Versions:
    """A loader that holds what the test puts there, and records what it was asked for."""

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


def corrupt(version: int) -> CorruptVersion:
    return CorruptVersion("classic", version, file="model.onnx", expected="sha-256 a", received="sha-256 b")


@pytest.fixture
def versions(predictor_of) -> Versions:
    return Versions(predictor_of())


@pytest.fixture
def shown() -> list[dict[int, str]]:
    """The states that were shown, one after the other."""
    return []


@pytest.fixture
def model_versions(versions, clock, shown) -> ModelVersions:
    def on_change() -> None:
        shown.append({number: str(status.state) for number, status in made.state.versions.items()})

    made = ModelVersions("classic", versions, clock=clock, on_change=on_change)
    return made


def update(model_versions: ModelVersions, *wanted: int, published: int = 4, edition: str = "1") -> None:
    tags = {number: f"{number}-{edition}" for number in range(1, published + 1)}
    model_versions.follow(DesiredModel(tags, wanted=wanted))
    model_versions.load()


def test_what_is_wanted_is_loaded_and_the_old_stays_until_it_is_unloaded(model_versions, shown) -> None:
    """At no moment does nothing answer."""
    update(model_versions, 1, published=1)
    shown.clear()
    update(model_versions, 2, published=2)
    assert model_versions.loaded == {1, 2}
    assert model_versions.unload([2])
    assert shown == [
        {1: "AVAILABLE", 2: "LOADING"},
        {1: "AVAILABLE", 2: "AVAILABLE"},
        {1: "END", 2: "AVAILABLE"},
    ]
    assert not model_versions.unload([2])


def test_a_version_that_fails_says_why(model_versions, versions) -> None:
    """With the code that TensorFlow Serving has for it."""
    versions.broken[2] = corrupt(2)
    update(model_versions, 2)
    status = model_versions.state.versions[2]
    assert (status.state, status.error_code) == (State.END, "DATA_LOSS")
    assert "model.onnx of version 2" in status.reason
    assert (model_versions.loaded, model_versions.failed) == (frozenset(), {2})


def test_a_failed_version_is_tried_again_with_growing_pauses(model_versions, versions, clock) -> None:
    """Not at every look at the store."""
    versions.broken[1] = corrupt(1)
    for now_s in range(100):
        clock.now_s = float(now_s)
        update(model_versions, 1)
    assert len(versions.loads) == 7  # at 0, 1, 3, 7, 15, 31, 63
    versions.broken.clear()
    clock.now_s = 200.0
    update(model_versions, 1)
    assert model_versions.loaded == {1}
    assert model_versions.state.versions[1].reason == ""


def test_a_failed_version_whose_files_change_is_tried_at_once(model_versions, versions) -> None:
    """A copy that is complete by now, a file that was put right."""
    versions.broken[1] = corrupt(1)
    update(model_versions, 1)
    versions.broken.clear()
    update(model_versions, 1, edition="2")
    assert (model_versions.loaded, model_versions.failed) == ({1}, frozenset())


def test_a_loaded_version_that_is_found_broken_answers_until_it_is_unloaded(model_versions, versions) -> None:
    """One flipped byte: it has failed, and yet no request fails meanwhile."""
    update(model_versions, 2)
    versions.broken[2] = corrupt(2)
    update(model_versions, 2, edition="2")
    assert (model_versions.loaded, model_versions.failed) == ({2}, {2})
    model_versions.unload([])
    assert (model_versions.loaded, model_versions.failed) == (frozenset(), {2})
    assert "model.onnx of version 2" in model_versions.state.versions[2].reason


def test_a_store_that_is_away_takes_nothing_away(model_versions, versions, clock) -> None:
    """What is in memory is as good as before; the store is asked again with pauses."""
    update(model_versions, 1)
    versions.broken[1] = StoreUnavailable("gone")
    for _ in range(5):
        update(model_versions, 1, edition="2")
    assert (model_versions.loaded, model_versions.failed) == ({1}, frozenset())
    assert len(versions.loads) == 2
    versions.broken[1] = corrupt(1)
    clock.now_s = 2.0
    update(model_versions, 1, edition="2")
    assert model_versions.failed == {1}


def test_a_version_that_vanished_answers_until_it_is_unloaded(model_versions) -> None:
    """It is no longer published, and then it is forgotten."""
    update(model_versions, 1, 2, published=2)
    update(model_versions, 1, published=1)
    assert (model_versions.loaded, model_versions.failed) == ({1, 2}, {2})
    model_versions.unload([1])
    assert list(model_versions.state.versions) == [1]


def test_a_version_that_was_unloaded_comes_back(model_versions, versions) -> None:
    """When it is wanted again, at once."""
    update(model_versions, 1, 2)
    model_versions.unload([2])
    update(model_versions, 1, 2)
    assert model_versions.loaded == {1, 2}
    assert versions.loads == [1, 2, 1]


def test_a_refused_version_says_why_and_is_loaded_when_it_is_no_longer_refused(model_versions) -> None:
    """It has not failed: nothing is wrong with it."""
    tags = {1: "a", 2: "b"}
    model_versions.follow(DesiredModel(tags, wanted=(1,), refused={2: "not enough memory"}))
    model_versions.load()
    status = model_versions.state.versions[2]
    assert (status.error_code, status.reason) == ("RESOURCE_EXHAUSTED", "not enough memory")
    assert model_versions.failed == frozenset()
    model_versions.unload([1])
    model_versions.follow(DesiredModel(tags, wanted=(1, 2)))
    model_versions.load()
    assert model_versions.loaded == {1, 2}
    assert model_versions.state.versions[2].reason == ""


def test_a_loaded_version_that_is_refused_says_why_once_it_is_unloaded(model_versions) -> None:
    """Another process does not have it, and there is no memory for it there."""
    update(model_versions, 1, 2)
    model_versions.follow(DesiredModel({1: "1-1", 2: "2-1"}, wanted=(1,), refused={2: "not enough memory"}))
    assert model_versions.loaded == {1, 2}
    model_versions.unload([1])
    assert model_versions.state.versions[2].reason == "not enough memory"


def test_versions_that_are_not_loaded_tell_their_facts(model_versions) -> None:
    """The list of models shows the metrics of all versions."""
    update(model_versions, 3)
    assert model_versions.read_missing_facts(most=2) == 3
    assert [number for number, status in model_versions.state.versions.items() if status.facts is None] == [1]
    assert model_versions.read_missing_facts(most=2) == 1
    assert model_versions.read_missing_facts(most=2) == 0
    facts: Callable[[int], VersionFacts | None] = lambda number: model_versions.state.versions[number].facts  # noqa: E731
    assert facts(1) == VersionFacts("day 1", "softmax", (), {})
    assert facts(3) is not None
