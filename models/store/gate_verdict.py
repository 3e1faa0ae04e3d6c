"""The verdict of a version's gate, which the trainer wrote into the manifest: the one sentence that says it."""

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["failed_rules", "gate_in_words", "gate_verdict", "with_verdict"]

NO_REASON = "its gate does not hold and does not say why"
DIGITS = (4, 6, 9, 17)
MOST, LONGEST = 1_000, 500
"""Rules of a gate that are said, and characters of each: a manifest may hold anything."""
RIVAL = re.compile(r"not_worse_than (?P<label>\w+)(?: \(version (?P<version>\d+)\))?(?P<group> of class .*)?")


def gate_verdict(gate: Mapping[str, Any] | None, *, is_promoted: bool = False) -> str | None:
    """A gate that does not hold, in one sentence; None when it holds, or when there is none.

    Args:
        gate: `{"metric", "holds", "checks": [{"rule", "expected", "received", "holds", "note"}]}`.
        is_promoted: Whether `stable` names the version all the same, which only force does.
    """
    failed = failed_rules(gate)
    if not failed:
        return None
    return f"{'promoted by force' if is_promoted else 'not promoted'}: {'; '.join(failed)}"


def with_verdict(result: Mapping[str, Any]) -> dict[str, Any]:
    """What a training returns, with the verdict of its gate where that does not hold."""
    verdict = gate_verdict(result.get("gate"))
    return dict(result) if verdict is None else {**result, "verdict": verdict}


def failed_rules(gate: Mapping[str, Any] | None) -> list[str]:
    """What a gate asked for and did not get, a phrase for each rule; empty when it holds, or when there is none.

    Args:
        gate: As `gate_verdict` takes it.
    """
    if gate is None or gate.get("holds", True):
        return []
    checks = gate.get("checks")
    found = [check for check in checks if isinstance(check, Mapping)] if isinstance(checks, list | tuple) else []
    failed = [check for check in found if not check.get("holds", True)]
    return [_in_words(str(gate.get("metric")), check)[:LONGEST] for check in failed[:MOST]] or [NO_REASON]


def gate_in_words(gate: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """All that a gate asked for, a phrase for each rule, and whether it holds; None when there is none.

    Args:
        gate: As `gate_verdict` takes it.
    """
    if gate is None:
        return None
    checks = gate.get("checks")
    found = [check for check in checks if isinstance(check, Mapping)] if isinstance(checks, list | tuple) else []
    rules = [_in_words(str(gate.get("metric")), check)[:LONGEST] for check in found[:MOST]]
    return {"holds": bool(gate.get("holds", True)), "rules": rules}


def _in_words(metric: str, check: Mapping[str, Any]) -> str:
    rule, note = str(check.get("rule")), check.get("note")
    received, expected = _apart(check.get("received"), check.get("expected"))
    rival = RIVAL.fullmatch(rule)
    if rival:
        words = f"{metric} {received}{rival['group'] or ''}, not worse than {_of_rival(expected, rival)}"
    else:
        group = rule.removeprefix("minimum") if rule.startswith("minimum") else f" ({rule})"
        words = f"{metric} {received}{group}, at least {_number(check.get('expected'))}"
    return f"{words} ({note})" if note else words


def _of_rival(expected: str, rival: re.Match[str]) -> str:
    version = f"version {rival['version']} ({rival['label']})" if rival["version"] else str(rival["label"])
    return f"the {expected} of {version}" if expected else version


def _apart(received: Any, expected: Any) -> tuple[str, str]:
    """Two measured values with so many decimals that they look as different as they are; empty for what is none."""
    numbers = [value for value in (received, expected) if isinstance(value, int | float)]
    for digits in DIGITS:
        texts = [f"{value:.{digits}f}" if isinstance(value, int | float) else "" for value in (received, expected)]
        if len(numbers) < 2 or texts[0] != texts[1]:
            break
    return texts[0], texts[1]


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)
