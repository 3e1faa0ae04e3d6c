import dataclasses

import pytest

from models.errors import LabelNotFound, VersionNotFound
from service.errors import VersionNotLoaded
from service.registry.coordination.committed_state import CommittedModel, CommittedState
from service.registry.coordination.desired_state import DEFAULT
from service.registry.snapshot import LoadedModel, Snapshot, State, VersionStatus


@pytest.fixture
def model(predictor_of) -> LoadedModel:
    """Version 1 is loaded and answers for everything; 2 has failed."""
    versions = {
        1: VersionStatus(1, State.AVAILABLE, predictor=predictor_of()),
        2: VersionStatus(2, State.END, "DATA_LOSS", "a byte is wrong"),
    }
    return LoadedModel("classic", versions, {"stable": 2, "canary": 2}, {DEFAULT: 1, "stable": 1, "latest": 1})


def test_what_answers_for_a_label_may_differ_from_what_it_names(model) -> None:
    """The last good version goes on."""
    assert model.version_of("stable") == 1
    assert model.version_of("latest") == 1
    assert model.version_of("canary") == 2


def test_a_version_that_failed_says_why(model) -> None:
    """By its number, and by a label that nothing stands in for."""
    for place in ({"version": 2, "label": None}, {"version": None, "label": "canary"}):
        with pytest.raises(VersionNotLoaded, match="a byte is wrong"):
            model.find(**place)


def test_what_is_not_there_is_named(model) -> None:
    """Version and label."""
    with pytest.raises(VersionNotFound):
        model.find(version=3, label=None)
    with pytest.raises(LabelNotFound):
        model.find(version=None, label="nobody")


def test_a_snapshot_cannot_be_changed() -> None:
    """It is replaced."""
    snapshot = Snapshot()
    with pytest.raises(TypeError):
        snapshot.models["classic"] = None  # type: ignore[index]
    with pytest.raises(dataclasses.FrozenInstanceError):
        snapshot.is_complete = True  # type: ignore[misc]


def test_requests_see_a_version_when_all_processes_have_it(model) -> None:
    """What this process has is not enough, and what failed says which version answers in its place."""
    seen = model.committed(CommittedModel())
    assert (seen.versions[1].state, seen.versions[1].predictor, seen.serving) == (State.LOADING, None, {})
    seen = model.committed(CommittedModel(frozenset({1}), {DEFAULT: 1}))
    assert (seen.versions[1].state, seen.default_version) == (State.AVAILABLE, 1)
    assert seen.versions[2].reason == "a byte is wrong; version 1 answers in its place"


def test_a_version_that_the_store_has_no_longer_is_seen_as_long_as_it_answers(model) -> None:
    """Then it is gone, and its model with its last version."""
    gone = dataclasses.replace(model.versions[1], is_published=False)
    snapshot = Snapshot({"classic": dataclasses.replace(model, versions={1: gone}, labels={})})
    ready = CommittedState(1, {"classic": CommittedModel(frozenset({1}), {DEFAULT: 1})})
    assert snapshot.committed(ready).loaded_versions == {("classic", 1)}
    assert not snapshot.committed(CommittedState()).models
