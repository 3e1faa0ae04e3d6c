"""A spec as YAML text, without a library for it: plain values only, as specs have."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["to_yaml"]

PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
"""What YAML, 1.2 or older, does not take for text."""
SHORT = 100


def to_yaml(document: Mapping[str, Any]) -> str:
    """Write a spec as YAML that reads back equal.

    Args:
        document: As `spec_of` gives it.
    """
    return "\n".join(_lines(document, "")) + "\n"


def _lines(node: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, value in node.items():
        yield from _entry(f"{indent}{_scalar(key)}:", value, f"{indent}  ")


def _entry(head: str, value: Any, indent: str) -> Iterator[str]:
    """A key with its value, on its line where that is short."""
    flow = _flow(value)
    if head.strip().startswith("layers") and value and isinstance(value, list):
        yield head
        yield from (f"{indent}- {_flow(item)}" for item in value)
    elif isinstance(value, Mapping) and value and (indent == "  " or len(head) + len(flow) > SHORT):
        yield head
        yield from _lines(value, indent)
    else:
        yield f"{head} {flow}"


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(key)}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, str) and PLAIN.fullmatch(value) and value.lower() not in WORDS:
        return value
    text = json.dumps(value, ensure_ascii=False)
    # YAML 1.1 takes 1e-07 for text: it wants a point in numbers with an exponent.
    return re.sub(r"^(-?\d+)e", r"\1.0e", text) if isinstance(value, float) else text
