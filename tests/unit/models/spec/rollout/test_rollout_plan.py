import pytest

from models.errors import SpecError
from models.spec.rollout.rollout_plan import Guards, RolloutPlan, read_plan, read_request
from models.spec.rollout.rollout_steps import RolloutStep

REQUEST = {
    "candidate": 4,
    "steps": [{"shadow": 100}, {"canary": 5}, {"canary": 25}, {"canary": 100}],
    "hold_s": 60,
    "minimum_rows": 500,
    "guards": {"error_rate": 0.01, "p99_ratio": 1.5, "agreement": 0.95, "quality": -0.01, "drift": 0.25},
    "sticky": "X-User-Id",
    "on_breach": "rollback",
}


def test_a_request_is_a_plan_with_its_candidate():
    """The plan is read back equal from its document."""
    request = read_request(REQUEST)
    assert (request.candidate, request.sticky, request.guards.quality) == (4, "X-User-Id", -0.01)
    assert [str(step) for step in request.stages] == ["shadow 100 %", "canary 5 %", "canary 25 %", "canary 100 %"]
    assert read_plan(request.plan.document) == request.plan
    assert type(request.plan) is RolloutPlan


def test_what_is_left_out_has_a_default():
    """Only the steps are needed; failures are always guarded."""
    plan = read_plan({"steps": [{"canary": 10}]})
    assert (plan.hold_s, plan.minimum_rows, plan.on_breach, plan.sticky) == (60.0, 500, "rollback", None)
    assert plan.guards == Guards()
    assert plan.guards.named == {"error_rate": 0.01}
    assert plan.stages == (RolloutStep("canary", 10.0),)


def test_every_problem_is_told_with_its_path():
    """All at once, what was expected and what came."""
    wrong = {
        "steps": [{"shadow": 0}, {"canry": 3}, 7], "hold_s": -1, "minimum_rows": 0,
        "guards": {"error_rat": 1, "drift": 0}, "sticky": "a b", "on_breach": "stop", "guard": {},
    }  # fmt: skip
    with pytest.raises(SpecError) as caught:
        read_request(wrong)
    paths = {problem.path: problem.message for problem in caught.value.problems}
    assert set(paths) == {
        "steps.0.shadow", "steps.1", "steps.2", "hold_s", "minimum_rows", "guards.error_rat", "guards.drift", "sticky",
        "on_breach", "guard", "candidate",
    }  # fmt: skip
    assert paths["steps.1"] == "expected one of shadow and canary (did you mean canary?); received 'canry'"


@pytest.mark.parametrize(
    ("steps", "path"),
    [
        ([{"canary": 10}, {"canary": 10}], "steps.1.canary"),
        ([{"shadow": 50}, {"shadow": 5}], "steps.1.shadow"),
        ([{"canary": 10}, {"shadow": 100}], "steps.1"),
        ([], "steps"),
        ([{"canary": 1}] * 21, "steps"),
        ({"canary": 5}, "steps"),
    ],
)
def test_steps_only_lead_forward(steps, path):
    """A caller that was moved to the candidate is not moved back by a step."""
    with pytest.raises(SpecError) as caught:
        read_plan({"steps": steps})
    assert [problem.path for problem in caught.value.problems] == [path]
