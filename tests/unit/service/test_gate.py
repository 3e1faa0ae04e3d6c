import pytest

from service.gate import why_gate_does_not_hold


@pytest.mark.parametrize("gate", [None, {"metric": "accuracy", "holds": True, "checks": []}])
def test_a_gate_that_holds_or_is_not_there_says_nothing(gate) -> None:
    """The label may move."""
    assert why_gate_does_not_hold(gate) is None


def test_a_gate_that_does_not_hold_names_the_checks_that_failed() -> None:
    """With what was expected and what came."""
    checks = [
        {"rule": "minimum", "expected": 0.9, "received": 0.8, "holds": False},
        {"rule": "not_worse_than stable (version 2)", "expected": 0.7, "received": 0.8, "holds": True},
    ]
    reason = why_gate_does_not_hold({"metric": "accuracy", "holds": False, "checks": checks})
    assert reason == "accuracy, minimum: expected 0.9; received 0.8"


def test_a_note_is_told_too() -> None:
    """Where the numbers do not say it."""
    check = {"rule": "minimum", "expected": 1, "received": 0, "holds": False, "note": "cannot be compared"}
    assert "cannot be compared" in str(why_gate_does_not_hold({"metric": "loss", "holds": False, "checks": [check]}))
