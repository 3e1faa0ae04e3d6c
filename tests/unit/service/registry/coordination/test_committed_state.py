import json

from models.names import LATEST
from service.registry.coordination.committed_state import DEFAULT, Agreement, ModelAgreement, Report, agree
from service.registry.coordination.desired_state import ModelPlan


def report(*loaded: int, failed: tuple[int, ...] = ()) -> Report:
    return Report({"classic": frozenset(loaded)}, {"classic": frozenset(failed)}, is_serving=True)


def plan(*numbers: int, wanted: tuple[int, ...] = (), **labels: int) -> dict[str, ModelPlan]:
    return {"classic": ModelPlan(dict.fromkeys(numbers, ""), labels, wanted or numbers)}


def agreed(plans: dict[str, ModelPlan], *reports: Report, before: Agreement | None = None) -> ModelAgreement:
    return Agreement(1, agree(plans, reports, before or Agreement())).model("classic")


def serving(version: int, *ready: int) -> Agreement:
    labels = (DEFAULT, LATEST, "stable")
    return Agreement(1, {"classic": ModelAgreement(frozenset(ready), dict.fromkeys(labels, version))})


def test_a_version_answers_when_all_have_it() -> None:
    """Not before the last one has."""
    plans, before = plan(1, 2, stable=2), serving(1, 1)
    assert agreed(plans, report(1, 2), report(1), before=before).serving[DEFAULT] == 1
    assert agreed(plans, report(1, 2), report(1, 2), before=before).serving[DEFAULT] == 2


def test_a_version_that_failed_anywhere_answers_nowhere() -> None:
    """One process that finds it broken is enough."""
    plans, before = plan(1, 2, stable=2), serving(2, 1, 2)
    found = agreed(plans, report(1, 2), report(1, 2, failed=(2,)), before=before)
    assert (found.ready, found.serving[DEFAULT], found.serving["stable"]) == ({1}, 1, 1)


def test_a_label_that_moves_back_moves_for_all_at_once() -> None:
    """It is in one document with everything else."""
    assert agreed(plan(1, 2, stable=1), report(1, 2), report(1, 2), before=serving(2, 1, 2)).serving == {
        DEFAULT: 1, "stable": 1, LATEST: 2,
    }  # fmt: skip


def test_a_label_stays_until_its_new_version_is_ready() -> None:
    """No request fails because a label moves."""
    before = Agreement(1, {"classic": ModelAgreement(frozenset({1, 2}), {"canary": 1, DEFAULT: 1})})
    assert agreed(plan(1, 2, 3, stable=1, canary=3), report(1, 2), before=before).serving["canary"] == 1


def test_a_canary_that_was_never_ready_is_not_another_version() -> None:
    """Only the default has stand-ins."""
    found = agreed(plan(1, 2, stable=1, canary=2), report(1))
    assert "canary" not in found.serving
    assert agreed(plan(1, 2, 3, stable=3), report(1, 2)).serving["stable"] == 2


def test_what_is_not_wanted_any_more_is_let_go_by_all() -> None:
    """It leaves the agreement before anybody unloads it."""
    assert agreed(plan(1, 2, 3, wanted=(3, 2), stable=3), report(1, 2, 3)).ready == {2, 3}


def test_without_stable_the_highest_number_is_the_default() -> None:
    """As in TensorFlow Serving."""
    assert agreed(plan(1, 2), report(1, 2)).serving[DEFAULT] == 2


def test_without_anybody_nothing_is_ready() -> None:
    """An empty list of reports is not everybody's consent."""
    assert agreed(plan(1)).ready == frozenset()


def test_reports_and_agreements_go_through_json() -> None:
    """As they go from process to process."""
    one = Report({"a": frozenset({1})}, {"a": frozenset()}, {"a": {3: 12.5}}, is_serving=True, started_s=4.0)
    assert Report.from_document(json.loads(json.dumps(one.to_document()))) == one
    both = serving(2, 1, 2)
    assert Agreement.from_document(json.loads(json.dumps(both.to_document()))) == both
