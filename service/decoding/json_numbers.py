"""Nested lists of numbers in JSON, made into an array without a Python object for each list and number.

The brackets and commas of a text are compared with those that instances of a model have; then simdjson reads the
numbers into a buffer. A text that differs, if only in one value that is no number, is not read here: the caller reads
it in the usual way, which finds words for the mistake.
"""

import re
from collections.abc import Callable, Iterator
from math import prod
from typing import cast

import numpy as np
import simdjson

from models.preprocessing.instances import Array, InstanceSpec, batch_of_numbers

__all__ = ["NumberReader", "split_document"]

BLANKS = b" \t\r\n"
NUMBERS = b"0123456789+-.eE" + BLANKS
PIECE_BYTES = 256 * 1024
"""Read at once. simdjson's memory is about fifteen times what it reads."""
BEGINNING = re.compile(
    rb'[ \t\r\n]*\{[ \t\r\n]*(?:"signature_name"[ \t\r\n]*:[ \t\r\n]*"(?:serving_default)?"[ \t\r\n]*,[ \t\r\n]*)?'
    rb'"(instances|inputs)"[ \t\r\n]*:[ \t\r\n]*(?=\[)'
)
# What simdjson raises for a text that is no JSON, for integers beyond 64 bits, and for values that are no numbers.
FAILURES = (ValueError, RuntimeError, TypeError)


def split_document(body: bytes) -> tuple[str, bytes] | None:
    """The key and the text of the list in a document that has no more than that; None for any other.

    What stands behind the list is not looked at, except that the document ends there: it is part of the text.
    """
    beginning = BEGINNING.match(body)
    end = len(body.rstrip(BLANKS)) - 1
    if beginning is None or body[end : end + 1] != b"}":
        return None
    return beginning[1].decode(), body[beginning.end() : end]


class NumberReader:
    """Reads the instances of one model.

    Args:
        spec: What an instance looks like.
    """

    def __init__(self, spec: InstanceSpec) -> None:
        self._spec = spec
        self._forms = [(_brackets(shape), _boundary(len(shape))) for shape in _shapes(spec)] if spec.is_numeric else []

    def read(self, text: bytes, *, where: str, on_rows: Callable[[int], None] = lambda _: None) -> Array | None:
        """Make one array of a list of instances.

        Args:
            text: The list, as JSON.
            where: What it is called in errors.
            on_rows: Told how many instances there are, before they are read; what it raises ends the reading.

        Returns:
            float32 `(batch, *spec.shape)`; None when it has to be read in the usual way.

        Raises:
            InputError: For numbers that float32 does not hold.
        """
        found = text.translate(None, NUMBERS)
        for brackets, boundary in self._forms:
            rows = _rows(found, brackets)
            if rows:
                on_rows(rows)
                values = _values(text.strip(BLANKS), boundary)
                if values is None or len(values) != rows * self._spec.size:
                    return None
                return batch_of_numbers(values, self._spec, where)
        return None


def _shapes(spec: InstanceSpec) -> list[tuple[int, ...]]:
    """The forms of an instance that clients send: raw, flat, and as the network takes it."""
    model_shape = spec.model_shape if prod(spec.model_shape or ()) == spec.size else None
    return list(dict.fromkeys(shape for shape in (spec.shape, (spec.size,), model_shape) if shape))


def _brackets(shape: tuple[int, ...]) -> bytes:
    """An instance of this shape without its numbers: `[[,],[,]]`."""
    text = b""
    for size in reversed(shape):
        text = b"[" + b",".join([text] * size) + b"]"
    return text


def _boundary(axes: int) -> re.Pattern[bytes]:
    """Where an instance ends and the next begins."""
    blanks = f"[{BLANKS.decode()}]*"
    return re.compile(rf"(?:\]{blanks}){{{axes}}}(,)(?={blanks}\[)".encode())


def _rows(found: bytes, brackets: bytes) -> int:
    """How many instances these brackets and commas are; 0 when they are anything else."""
    rows, rest = divmod(len(found) - 1, len(brackets) + 1)
    return 0 if rest or found != b"[" + (brackets + b",") * (rows - 1) + brackets + b"]" else rows


def _values(text: bytes, boundary: re.Pattern[bytes]) -> Array | None:
    """All numbers of a list, float64; None when a piece of it is not read."""
    parser = simdjson.Parser()
    try:
        buffers = [_numbers(parser, piece) for piece in _pieces(text, boundary)]
    except FAILURES:
        return None
    return buffers[0] if len(buffers) == 1 else np.concatenate(buffers)


def _numbers(parser: simdjson.Parser, text: bytes) -> Array:
    parsed = parser.parse(text)
    return np.frombuffer(cast("simdjson.Array", parsed).as_buffer(of_type="d"), np.float64)


def _pieces(text: bytes, boundary: re.Pattern[bytes]) -> Iterator[bytes]:
    """A list as shorter lists."""
    start = 0
    while len(text) - start > PIECE_BYTES:
        found = boundary.search(text, start + PIECE_BYTES)
        if found is None:
            break
        yield (b"[" if start else b"") + text[start : found.start(1)] + b"]"
        start = found.end(1)
    yield (b"[" if start else b"") + text[start:]
