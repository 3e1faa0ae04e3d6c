import pytest

from models.store.gate_verdict import failed_rules, gate_verdict, with_verdict


def gate(*checks, metric="accuracy"):
    return {"metric": metric, "holds": False, "checks": [{"holds": False, **check} for check in checks]}


@pytest.mark.parametrize("one", [None, {"metric": "accuracy", "holds": True, "checks": []}])
def test_a_gate_that_holds_or_is_not_there_says_nothing(one) -> None:
    """The label may move."""
    assert failed_rules(one) == []
    assert gate_verdict(one) is None
    assert with_verdict({"gate": one}) == {"gate": one}


def test_a_gate_that_does_not_hold_names_the_checks_that_failed() -> None:
    """With what was expected and what came, in the one sentence that is shown everywhere."""
    failed = gate(
        {"rule": "minimum", "expected": 0.9, "received": 0.86363636},
        {"rule": "not_worse_than stable (version 2)", "expected": 0.7, "received": 0.8, "holds": True},
    )
    assert gate_verdict(failed) == "not promoted: accuracy 0.8636, at least 0.9"
    assert gate_verdict(failed, is_promoted=True) == "promoted by force: accuracy 0.8636, at least 0.9"
    assert with_verdict({"gate": failed})["verdict"] == "not promoted: accuracy 0.8636, at least 0.9"


@pytest.mark.parametrize(
    ("check", "phrase"),
    [
        (
            {"rule": "minimum of class cat", "expected": 0.9, "received": 0.5},
            "accuracy 0.5000 of class cat, at least 0.9",
        ),
        ({"rule": "minimum", "expected": 0.9, "received": 0.899996}, "accuracy 0.899996, at least 0.9"),
        (
            {"rule": "not_worse_than stable (version 2)", "expected": 0.93, "received": 0.81},
            "accuracy 0.8100, not worse than the 0.9300 of version 2 (stable)",
        ),
        (
            {"rule": "not_worse_than stable (version 2) of class b (old)", "expected": 0.81001, "received": 0.81},
            "accuracy 0.810000 of class b (old), not worse than the 0.810010 of version 2 (stable)",
        ),
        (
            {"rule": "not_worse_than old (version 1)", "expected": 0.9, "received": 0.8, "note": "other rows"},
            "accuracy 0.8000, not worse than the 0.9000 of version 1 (old) (other rows)",
        ),
        (
            {
                "rule": "not_worse_than stable (version 1)",
                "expected": None,
                "received": 0.8,
                "note": "cannot be compared",
            },
            "accuracy 0.8000, not worse than version 1 (stable) (cannot be compared)",
        ),
        ({"rule": "lift", "expected": 2, "received": 1}, "accuracy 1.0000 (lift), at least 2"),
    ],
)
def test_each_rule_has_its_phrase(check, phrase) -> None:
    """Classes, rivals and `note` are told, and two numbers never look alike."""
    assert failed_rules(gate(check)) == [phrase]


def test_a_gate_without_a_failed_check_still_does_not_hold() -> None:
    """Another tool may have written it."""
    assert gate_verdict(gate(metric="loss")) == "not promoted: its gate does not hold and does not say why"
