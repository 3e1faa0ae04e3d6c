"""The verdict of a version's gate, as the trainer wrote it into the manifest."""

from collections.abc import Mapping
from typing import Any

__all__ = ["why_gate_does_not_hold"]


def why_gate_does_not_hold(gate: Mapping[str, Any] | None) -> str | None:
    """The checks that failed, in words; None when the gate holds or there is none.

    Args:
        gate: `{"metric", "holds", "checks": [{"rule", "expected", "received", "holds", "note"}]}`.
    """
    if gate is None or gate.get("holds", True):
        return None
    failed = [check for check in gate.get("checks", ()) if not check.get("holds", True)]
    return "; ".join(_in_words(str(gate.get("metric")), check) for check in failed) or "it says so without a reason"


def _in_words(metric: str, check: Mapping[str, Any]) -> str:
    said = f"{metric}, {check.get('rule')}: expected {check.get('expected')}; received {check.get('received')}"
    note = check.get("note")
    return f"{said}, {note}" if note else said
