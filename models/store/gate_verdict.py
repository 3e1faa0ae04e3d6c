"""The verdict of a version's gate, as the trainer wrote it into the manifest."""

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["failed_rules"]


def failed_rules(gate: Mapping[str, Any] | None) -> Sequence[str]:
    """What a gate asked for and did not get, in words; empty when it holds, or when there is none.

    Args:
        gate: `{"metric", "holds", "checks": [{"rule", "expected", "received", "holds", "note"}]}`.
    """
    if gate is None or gate.get("holds", True):
        return []
    failed = [check for check in gate.get("checks", ()) if not check.get("holds", True)]
    return [_in_words(str(gate.get("metric")), check) for check in failed] or ["gate: it does not say why"]


def _in_words(metric: str, check: Mapping[str, Any]) -> str:
    rule, expected, note = check.get("rule"), check.get("expected"), check.get("note")
    if expected is None:
        return f"gate {rule}: {note}"
    words = f"gate {rule}: expected {metric} {expected}; received {check.get('received')}"
    return f"{words}, {note}" if note else words
