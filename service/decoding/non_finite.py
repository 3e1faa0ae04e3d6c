"""Where NaN or infinity stands in a document: JSON has neither, so what reads JSON cannot say."""

import json
import sys
from collections.abc import Iterator
from typing import Any

__all__ = ["place_of_non_finite"]

LONGEST_BYTES = 4 * 2**20
"""Of a body that is read a second time, slowly, only to say where it is wrong."""
LONGEST_NAME = 64
LARGEST = sys.float_info.max


def place_of_non_finite(body: bytes) -> str | None:
    """The place of the first NaN, infinity or number that is too large for one: `instances[2]`.

    Args:
        body: A request body that was refused.

    Returns:
        None where there is none, or the body is not otherwise JSON.
    """
    if len(body) > LONGEST_BYTES:
        return None
    try:
        document = json.loads(body)  # Python reads them
    except (ValueError, RecursionError):
        return None
    return next(_places(document), None) if isinstance(document, dict) else None


def _places(document: dict[str, Any]) -> Iterator[str]:
    for name, value in document.items():
        if not isinstance(value, list):
            if _holds_non_finite(value):
                yield name[:LONGEST_NAME]
            continue
        for index, item in enumerate(value):
            place = f"{name[:LONGEST_NAME]}[{index}]"
            if isinstance(item, dict) and isinstance(item.get("data"), list):  # a tensor of the Open Inference Protocol
                yield from (f"{place}.data[{row}]" for row, one in enumerate(item["data"]) if _holds_non_finite(one))
            if _holds_non_finite(item):
                yield place


def _holds_non_finite(value: Any) -> bool:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, float | int) and not abs(one) <= LARGEST:  # NaN is never less
            return True
    return False
