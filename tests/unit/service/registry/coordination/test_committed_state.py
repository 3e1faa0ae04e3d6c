import json

from models.names import LATEST
from service.registry.coordination.committed_state import CommittedModel, CommittedState, Report, committed_models
from service.registry.coordination.desired_state import DEFAULT, DesiredModel
from service.registry.coordination.shared_coordinator import encoded


def report(*loaded: int, failed: tuple[int, ...] = ()) -> Report:
    return Report({"classic": frozenset(loaded)}, {"classic": frozenset(failed)}, is_serving=True)


def desired(*numbers: int, wanted: tuple[int, ...] = (), **labels: int) -> dict[str, DesiredModel]:
    return {"classic": DesiredModel(dict.fromkeys(numbers, ""), labels, wanted or numbers)}


def committed(
    models: dict[str, DesiredModel], *reports: Report, before: CommittedState | None = None
) -> CommittedModel:
    after = committed_models(models, reports, before or CommittedState())
    return CommittedState(1, after).model("classic")


def serving(version: int, *ready: int) -> CommittedState:
    labels = (DEFAULT, LATEST, "stable")
    return CommittedState(1, {"classic": CommittedModel(frozenset(ready), dict.fromkeys(labels, version))})


def test_a_version_answers_when_all_have_it() -> None:
    """Not before the last one has."""
    models, before = desired(1, 2, stable=2), serving(1, 1)
    assert committed(models, report(1, 2), report(1), before=before).serving[DEFAULT] == 1
    assert committed(models, report(1, 2), report(1, 2), before=before).serving[DEFAULT] == 2


def test_a_version_that_failed_anywhere_answers_nowhere() -> None:
    """One process that finds it broken is enough."""
    models, before = desired(1, 2, stable=2), serving(2, 1, 2)
    found = committed(models, report(1, 2), report(1, 2, failed=(2,)), before=before)
    assert (found.ready, found.serving[DEFAULT], found.serving["stable"]) == ({1}, 1, 1)


def test_a_label_that_moves_back_moves_for_all_at_once() -> None:
    """It is in one document with everything else."""
    assert committed(desired(1, 2, stable=1), report(1, 2), report(1, 2), before=serving(2, 1, 2)).serving == {
        DEFAULT: 1, "stable": 1, LATEST: 2,
    }  # fmt: skip


def test_a_label_stays_until_its_new_version_is_ready() -> None:
    """No request fails because a label moves."""
    before = CommittedState(1, {"classic": CommittedModel(frozenset({1, 2}), {"canary": 1, DEFAULT: 1})})
    assert committed(desired(1, 2, 3, stable=1, canary=3), report(1, 2), before=before).serving["canary"] == 1


def test_a_canary_that_was_never_ready_is_not_another_version() -> None:
    """Only the default has stand-ins."""
    found = committed(desired(1, 2, stable=1, canary=2), report(1))
    assert "canary" not in found.serving
    assert committed(desired(1, 2, 3, stable=3), report(1, 2)).serving["stable"] == 2


def test_what_is_not_wanted_any_more_is_let_go_by_all() -> None:
    """It leaves the committed state before anybody unloads it."""
    assert committed(desired(1, 2, 3, wanted=(3, 2), stable=3), report(1, 2, 3)).ready == {2, 3}


def test_without_stable_the_highest_number_is_the_default() -> None:
    """As in TensorFlow Serving."""
    assert committed(desired(1, 2), report(1, 2)).serving[DEFAULT] == 2


def test_without_anybody_nothing_is_ready() -> None:
    """An empty list of reports is not everybody's consent."""
    assert committed(desired(1)).ready == frozenset()


def test_reports_and_committed_states_go_through_json() -> None:
    """As they go from process to process."""
    one = Report({"a": frozenset({1})}, {"a": frozenset()}, {"a": {3: 12.5}}, is_serving=True, started_s=4.0)
    assert Report.from_document(json.loads(encoded(one))) == one
    both = serving(2, 1, 2)
    assert CommittedState.from_document(json.loads(encoded(both))) == both
