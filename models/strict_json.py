"""JSON of the store, read strictly: whatever bytes a file holds, they are a document that any writer can write again.

Python's own reader takes more than JSON has: numbers that no float holds, halves of surrogate pairs, any depth until
the stack ends. What takes such a document in fails later, at another place and for every model.
"""

import json
import math
from typing import Any, NoReturn

from models.errors import reason_of

__all__ = ["LARGEST", "SMALLEST", "read_json", "read_object"]

SMALLEST, LARGEST = -(2**63), 2**64 - 1
"""Of the whole numbers that other readers of JSON take."""
DEEPEST = 64
TOO_DEEP = f"brackets that are nested more than {DEEPEST} deep"


def read_json(content: bytes) -> Any:
    """The document in a file of UTF-8 JSON.

    Raises:
        ValueError: When it is none: no UTF-8, a number that no float or no 64 bits hold, nested too deep.
    """
    try:
        text = content.decode("utf-8-sig")
        document = json.loads(text, parse_int=_whole, parse_float=_real, parse_constant=_refuse)
        if "\\u" in text:
            json.dumps(document, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ValueError(TOO_DEEP) from error
    except UnicodeError as error:
        raise ValueError(f"text that is no UTF-8: {reason_of(error)}") from error
    _check_depth(document)
    return document


def read_object(content: bytes) -> dict[str, Any]:
    """The JSON object in a file, as `read_json` reads it.

    Raises:
        ValueError: When it is none.
    """
    document = read_json(content)
    if not isinstance(document, dict):
        raise ValueError(f"a {type(document).__name__}")  # noqa: TRY004 -- of the file, not of an argument
    return document


def _check_depth(document: Any) -> None:
    level = [document]
    for _ in range(DEEPEST + 1):
        inner = (one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list))
        level = [child for children in inner for child in children if isinstance(child, dict | list)]
        if not level:
            return
    raise ValueError(TOO_DEEP)


def _whole(text: str) -> int:
    number = int(text) if len(text) <= len(str(SMALLEST)) else LARGEST + 1
    if not SMALLEST <= number <= LARGEST:
        raise ValueError(f"the number {text[:24]}, which has more than 64 bits")
    return number


def _real(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number {text[:24]}, which no float holds")
    return number


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
