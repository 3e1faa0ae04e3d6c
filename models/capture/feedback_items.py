"""True labels as they are told: of one row of one request, late, twice, in any order; the one that came last holds."""

import gzip
import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.errors import shown
from models.keras_catalog.argument_kinds import Check, Mismatch, integer, kind
from models.names import is_model_name
from models.strict_json import read_json

__all__ = ["FIELDS", "REQUEST_ID", "FeedbackItem", "Label", "check_label", "decode_items", "encode_items"]

Label = str | int | float | bool | list[Any]
"""A class by its name or its index; a number of a regression; several of either."""
REQUEST_ID = r"^[A-Za-z0-9][A-Za-z0-9._:/+=-]{0,127}$"
LONGEST_TEXT, MOST_LABELS = 500, 1000
LEVEL = 1
MOST_INDEX = 2**31 - 1
LATEST_NS = 2**63


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return 0 < len(value) <= LONGEST_TEXT and value.encode("utf-8", "ignore").decode() == value
    return isinstance(value, int | float) and abs(value) <= 1e308


def check_label(value: Any) -> Label:
    """A label.

    Raises:
        Mismatch: When it is none.
    """
    labels = value if isinstance(value, list) else [value]
    if len(labels) > MOST_LABELS or not all(map(_is_plain, labels)):
        raise Mismatch(f"a class by name or index, a number, or a list of at most {MOST_LABELS} of them")
    label: Label = value
    return label


_request_id = kind(
    "the X-Request-Id of a prediction: 1 to 128 letters, digits and ._:/+=-",
    lambda value: isinstance(value, str) and re.fullmatch(REQUEST_ID, value) is not None,
)


FIELDS: Mapping[str, Check] = {
    "request_id": _request_id,
    "index": integer(0, MOST_INDEX),
    "label": check_label,
    "model": kind("the name of a model", lambda value: isinstance(value, str) and is_model_name(value)),
}
"""Name of a part of an item → what it may be; `index` is 0 and `model` any where they are left out."""


@dataclass(frozen=True, slots=True)
class FeedbackItem:
    """The true label of one row.

    Args:
        received_ns: When it came, in nanoseconds since 1970.
        request_id: Of the request that brought the row.
        index: The row's place in it.
        label: What is true.
        model: The model that it is about; None for whichever computed the row.
    """

    received_ns: int
    request_id: str
    index: int
    label: Label
    model: str | None = None


def encode_items(items: Sequence[FeedbackItem]) -> bytes:
    """The bytes of a segment of labels: one JSON list a line, compressed."""
    lines = (
        json.dumps([one.received_ns, one.request_id, one.index, one.label, one.model], ensure_ascii=False)
        for one in items
    )
    return gzip.compress("\n".join(lines).encode(), LEVEL)


def decode_items(content: bytes) -> list[FeedbackItem]:
    """Read a segment of labels.

    Raises:
        ValueError: When it is none, or damaged.
    """
    try:
        return [*_items(gzip.decompress(content))]
    except (OSError, EOFError, zlib.error, TypeError) as error:
        raise ValueError(f"labels that cannot be read: {error}") from error


def _items(text: bytes) -> Iterator[FeedbackItem]:
    for line in text.split(b"\n"):
        match read_json(line):
            case [int() as received_ns, str() as request_id, int() as index, label, None | str() as model] if (
                0 <= received_ns < LATEST_NS and 0 <= index <= MOST_INDEX
            ):
                yield FeedbackItem(received_ns, request_id, index, check_label(label), model)
            case other:
                raise ValueError(f"{shown(other)}, which is no label")
