"""Tensor data in its two forms, JSON `data` and bytes after the JSON, made into one flat array."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from math import prod
from typing import Any

import numpy as np

from models.errors import InputError, shown
from models.preprocessing.instances import MOST_AXES, Array
from service.protocols.inference_protocol.datatypes import Datatype

__all__ = [
    "HEADER_LENGTH",
    "BinaryTail",
    "binary_numbers",
    "binary_texts",
    "json_elements",
    "json_numbers",
    "parse_header_length",
    "split_body",
]

HEADER_LENGTH = "Inference-Header-Content-Length"
MOST_DIGITS = 18


def parse_header_length(value: str | None) -> int | None:
    """Read the header that says how many bytes of the body are JSON.

    Raises:
        InputError: When it is anything but a plain decimal number.
    """
    if value is None:
        return None
    text = value.strip(" \t")
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        raise InputError(where=HEADER_LENGTH, expected="a number of bytes", received=shown(value))
    return int(text)


def split_body(body: bytes, header_length: int | None) -> tuple[bytes, "BinaryTail"]:
    """Cut a body into its JSON and the binary data behind it; without the header all of it is JSON.

    Raises:
        InputError: When the header promises more bytes than there are.
    """
    if header_length is None:
        return body, BinaryTail(memoryview(b""), announced=False)
    if not 0 <= header_length <= len(body):
        raise InputError(where=HEADER_LENGTH, expected=f"0 to {len(body)}, the bytes of the body",
                         received=str(header_length))  # fmt: skip
    return body[:header_length], BinaryTail(memoryview(body)[header_length:], announced=True)


@dataclass(slots=True)
class BinaryTail:
    """The bytes after the JSON, if a header announced them; inputs take theirs from the front, in order."""

    rest: memoryview
    announced: bool

    def take(self, size: int, where: str) -> memoryview:
        """Hand out the next bytes.

        Raises:
            InputError: When fewer are left.
        """
        if not self.announced:
            raise InputError(where=where, expected=f"the header {HEADER_LENGTH} beside it", received="no such header")
        if size > len(self.rest):
            raise InputError(where=where, expected=f"at most {len(self.rest)}, the bytes left in the body",
                             received=str(size))  # fmt: skip
        taken, self.rest = self.rest[:size], self.rest[size:]
        return taken

    def close(self) -> None:
        """Refuse bytes that no input claims."""
        if len(self.rest):
            raise InputError(where="body", expected="no bytes after the data of the last binary input",
                             received=f"{len(self.rest)} more bytes")  # fmt: skip


def binary_numbers(content: memoryview, datatype: Datatype, count: int, where: str) -> Array:
    """Read `count` little-endian numbers: `(count,)` in the datatype's dtype.

    Raises:
        InputError: When there are more or fewer bytes, or a BOOL is neither 0 nor 1.
    """
    expected_bytes = count * datatype.item_bytes
    if len(content) != expected_bytes:
        raise InputError(where=where, expected=f"{expected_bytes} bytes for {count} values of {datatype.name}",
                         received=f"{len(content)} bytes")  # fmt: skip
    values = datatype.read(content)
    if datatype.name == "BOOL" and values.size and values.max() > 1:
        raise InputError(where=where, expected="bytes 0 or 1 for BOOL", received=str(values.max()))
    return values


def binary_texts(content: memoryview, count: int, where: str) -> list[str]:
    """Read `count` texts, each a 4-byte little-endian length and its UTF-8 bytes.

    Raises:
        InputError: When lengths and bytes do not agree, or a text is not UTF-8.
    """
    texts: list[str] = []
    offset = 0
    while offset < len(content) and len(texts) <= count:
        end = offset + 4 + int.from_bytes(content[offset : offset + 4], "little")
        if offset + 4 > len(content) or end > len(content):
            raise InputError(where=where, expected="a 4-byte length and as many bytes for each element of BYTES",
                             received=f"{len(content) - offset} bytes for element {len(texts)}")  # fmt: skip
        texts.append(_utf8(content[offset + 4 : end], f"{where}[{len(texts)}]"))
        offset = end
    if len(texts) != count:
        raise InputError(
            where=where,
            expected=f"{count} elements of BYTES",
            received=f"{len(texts)} elements" if len(texts) < count else "more",
        )
    return texts


def _utf8(content: memoryview, where: str) -> str:
    try:
        return str(content, "utf-8")
    except UnicodeDecodeError as error:
        raise InputError(where=where, expected="UTF-8", received=shown(bytes(content))) from error


def json_elements(data: Any, datatype: Datatype, shape: Sequence[int], where: str) -> list[Any]:
    """Check JSON `data`, nested in the declared shape or flat, and return its elements in row-major order.

    Raises:
        InputError: For another shape, ragged rows, or an element that is not of the datatype.
    """
    if not datatype.elements:
        raise InputError(where=where, expected=f"binary data for {datatype.name}, which JSON has no form for",
                         received="JSON data")  # fmt: skip
    if not isinstance(data, list):
        raise InputError(where=where, expected=f"a list of {datatype.elements_in_words}", received=shown(data))
    nested_shape, elements = _flatten(data)
    is_odd = elements is None or not set(map(type, elements)) <= datatype.elements
    if is_odd and len(data) <= prod(shape):  # of a longer list the length is what is wrong, and is found sooner
        raise _odd_element(data, datatype, where)
    if elements is None or is_odd or nested_shape not in (tuple(shape), (prod(shape),)):
        raise InputError(where=where, expected=f"{prod(shape)} values, flat or nested as shape {list(shape)}",
                         received=f"shape {list(nested_shape)}")  # fmt: skip
    return elements


def _flatten(data: list[Any]) -> tuple[tuple[int, ...], list[Any] | None]:
    """Shape and elements of a nested list; no elements where it is ragged."""
    shape = [len(data)]
    level = data
    while set(map(type, level)) == {list}:
        lengths = set(map(len, level))
        if len(lengths) != 1 or len(shape) >= MOST_AXES:
            return tuple(shape), None
        shape.append(lengths.pop())
        level = list(chain.from_iterable(level))
    return tuple(shape), level


def _odd_element(data: list[Any], datatype: Datatype, where: str) -> InputError:
    """The error for the first element that is not of the datatype; where there is none, the rows are ragged."""
    level, place = data, where
    for _ in range(MOST_AXES):
        odd = _first_odd(level, datatype)
        if odd is None:
            return InputError(where=place, expected="rows of equal length", received="ragged rows")
        place = f"{place}[{odd}]"
        if not isinstance(level[odd], list):
            return InputError(where=place, expected=datatype.elements_in_words, received=shown(level[odd]))
        level = level[odd]
    return InputError(where=where, expected=f"at most {MOST_AXES} levels of lists", received="more")


def _first_odd(level: list[Any], datatype: Datatype) -> int | None:
    for index, item in enumerate(level):
        if type(item) in datatype.elements:
            continue
        _, elements = _flatten(item) if isinstance(item, list) else ((), [item])
        if elements is None or not set(map(type, elements)) <= datatype.elements:
            return index
    return None


def json_numbers(elements: list[Any], datatype: Datatype, where: str) -> Array:
    """The elements as `(elements,)` of the datatype's dtype, whole numbers checked against the datatype's range.

    Raises:
        InputError: Names the first whole number that does not fit.
    """
    try:
        return np.array(elements, datatype.dtype if datatype.is_integer else np.float64)
    except OverflowError as error:
        bounds = np.iinfo(datatype.dtype)
        index = next(index for index, value in enumerate(elements) if not bounds.min <= value <= bounds.max)
        raise InputError(
            where=f"{where}[{index}]", expected=f"whole numbers from {bounds.min} to {bounds.max} for {datatype.name}",
            received=shown(elements[index]),
        ) from error  # fmt: skip
