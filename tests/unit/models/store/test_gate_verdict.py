import pytest

from models.store.gate_verdict import failed_rules


@pytest.mark.parametrize("gate", [None, {"metric": "accuracy", "holds": True, "checks": []}])
def test_a_gate_that_holds_or_is_not_there_says_nothing(gate) -> None:
    """The label may move."""
    assert failed_rules(gate) == []


def test_a_gate_that_does_not_hold_names_the_checks_that_failed() -> None:
    """With what was expected and what came."""
    checks = [
        {"rule": "minimum", "expected": 0.9, "received": 0.8, "holds": False},
        {"rule": "not_worse_than stable (version 2)", "expected": 0.7, "received": 0.8, "holds": True},
    ]
    failed = failed_rules({"metric": "accuracy", "holds": False, "checks": checks})
    assert failed == ["gate minimum: expected accuracy 0.9; received 0.8"]


def test_a_note_is_told_too() -> None:
    """Where the numbers do not say it."""
    check = {"rule": "not_worse_than stable", "expected": 1, "received": 0, "holds": False, "note": "other rows"}
    gate = {"metric": "loss", "holds": False, "checks": [check]}
    assert failed_rules(gate) == ["gate not_worse_than stable: expected loss 1; received 0, other rows"]
    alone = {**gate, "checks": [{**check, "expected": None}]}
    assert failed_rules(alone) == ["gate not_worse_than stable: other rows"]


def test_a_gate_without_a_failed_check_still_does_not_hold() -> None:
    """Another tool may have written it."""
    assert failed_rules({"metric": "loss", "holds": False, "checks": []}) == ["gate: it does not say why"]
