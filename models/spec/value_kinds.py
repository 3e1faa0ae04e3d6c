"""What the values of a spec may be that are no arguments of Keras."""

import string
from collections.abc import Mapping
from typing import Any

from models.keras_catalog.argument_kinds import POSITIVE, Mismatch, kind, listing, number
from models.names import RESERVED, is_label_name, is_model_name

__all__ = [
    "FRACTION", "SHAPE", "cell_separator", "class_name_list", "class_weights", "label_name", "model_name",
    "text_encoding",
]  # fmt: skip

FRACTION = number(0, 1, above=True, below=True)
SHAPE = listing(POSITIVE)
WEIGHT = number(0, above=True)
UNFIT_SEPARATORS = f"{string.ascii_letters}{string.digits}\"'.\r\n\0"

label_name = kind("a label of letters, digits and _", lambda value: isinstance(value, str) and is_label_name(value))
model_name = kind(
    "a name of up to 64 of a-z, 0-9, _ and -, beginning and ending with a letter or digit, "
    f"and not {' or '.join(RESERVED)}",
    lambda value: isinstance(value, str) and is_model_name(value),
)
cell_separator = kind(
    'one character such as ";" or "\\t", and no letter, digit, quote or point',
    lambda value: isinstance(value, str) and len(value) == 1 and value.isascii() and value not in UNFIT_SEPARATORS,
)


def text_encoding(value: Any) -> str:
    """An encoding of text that Python knows, such as `windows-1252`."""
    expected = "an encoding of text such as utf-8, windows-1252 or utf-16"
    if not isinstance(value, str):
        raise Mismatch(expected)
    try:
        b"ab".decode(value, "replace")
    except (LookupError, ValueError) as error:
        raise Mismatch(expected) from error
    return value


def class_name_list(value: Any) -> list[str]:
    """At least one name, none twice."""
    if not isinstance(value, list) or not value or any(not isinstance(name, str | int) for name in value):
        raise Mismatch("a list of class names")
    names = [str(name) for name in value]
    if len(set(names)) != len(names):
        raise Mismatch("class names that differ from each other")
    return names


def class_weights(value: Any) -> Any:
    """`balanced`, or a weight for each class."""
    if isinstance(value, Mapping) and value:
        try:
            return {str(name): WEIGHT(weight) for name, weight in value.items()}
        except Mismatch as mismatch:
            raise Mismatch(f"for each class {mismatch.expected}") from mismatch
    if value != "balanced":
        raise Mismatch("balanced, or a mapping of class names to weights above 0")
    return value
