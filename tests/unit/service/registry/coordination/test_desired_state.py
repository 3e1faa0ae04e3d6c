import json

from service.registry.coordination.desired_state import DesiredModel, DesiredState, add_stand_in, wanted_versions
from service.registry.coordination.shared_coordinator import encoded


def test_the_newest_the_labelled_and_the_default_are_wanted() -> None:
    """The default first, so that the model answers as soon as it can."""
    wanted = wanted_versions([1, 2, 3, 4, 5, 6], {"stable": 3, "canary": 1, "gone": 9}, keep=2, in_use=[2])
    assert wanted == [3, 6, 1, 5, 2]


def test_the_newest_good_version_stands_in_when_nothing_that_is_wanted_can_be_loaded() -> None:
    """One after the other, until one is good."""
    assert add_stand_in([4, 3], [1, 2, 3, 4], failed=[4]) == [4, 3]
    assert add_stand_in([4, 3], [1, 2, 3, 4], failed=[3, 4]) == [4, 3, 2]
    assert add_stand_in([4, 3], [1, 2, 3, 4], failed=[2, 3, 4]) == [4, 3, 1]
    assert add_stand_in([4, 3], [3, 4], failed=[3, 4]) == [4, 3]


def test_a_desired_state_goes_through_json() -> None:
    """As it goes from process to process."""
    model = DesiredModel({1: "a", 12: "b"}, {"stable": 1}, (1, 12), {12: "not enough memory"})
    desired = DesiredState(7, {"classic": model}, "away", has_seen_store=True)
    assert DesiredState.from_document(json.loads(encoded(desired))) == desired
