"""The protocol's datatypes, and how each becomes a number that the network takes.

One rule: a value becomes the nearest float32. What has none (NaN, infinity, a magnitude above float32's) is refused.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.errors import InputError, shown
from models.preprocessing.instances import Array

__all__ = ["BYTES", "DATATYPES", "FP32", "Datatype", "datatype_named"]


@dataclass(frozen=True, slots=True)
class Datatype:
    """One of the protocol's datatypes.

    Args:
        name: As it stands on the wire.
        dtype: Of one element in little-endian binary data; `object` for BYTES, whose elements vary in size.
        elements: What an element of JSON `data` may be.
        elements_in_words: The same for an error message; empty where JSON has no form for it.
        widen: What the numbers of `dtype` mean, where numpy does not know the format.
    """

    name: str
    dtype: np.dtype[Any]
    elements: frozenset[type]
    elements_in_words: str
    widen: Callable[[Array], Array] | None = None

    @property
    def item_bytes(self) -> int:
        """Size of one element in binary data; not for BYTES."""
        return self.dtype.itemsize

    @property
    def is_integer(self) -> bool:
        """Whether JSON elements must fit a range of integers."""
        return self.elements == INTEGERS

    def read(self, content: memoryview) -> Array:
        """The elements of binary data, `(elements,)`, still in their own dtype."""
        values: Array = np.frombuffer(content, self.dtype)
        return self.widen(values) if self.widen else values


def _bfloat16(values: Array) -> Array:
    """A bfloat16 is the upper half of a float32."""
    return (values.astype(np.uint32) << 16).view(np.float32)


NUMBERS = frozenset({int, float})
INTEGERS = frozenset({int})


def _integer(name: str, code: str) -> Datatype:
    return Datatype(name, np.dtype(code), INTEGERS, f"whole numbers that fit {name}")


BYTES = Datatype("BYTES", np.dtype(object), frozenset({str}), "texts")
FP32 = Datatype("FP32", np.dtype("<f4"), NUMBERS, "numbers")

DATATYPES = {
    datatype.name: datatype
    for datatype in (
        Datatype("BOOL", np.dtype("u1"), frozenset({bool}), "true or false"),
        *(_integer(f"UINT{8 * size}", f"<u{size}") for size in (1, 2, 4, 8)),
        *(_integer(f"INT{8 * size}", f"<i{size}") for size in (1, 2, 4, 8)),
        Datatype("FP16", np.dtype("<f2"), frozenset(), ""),
        Datatype("BF16", np.dtype("<u2"), frozenset(), "", _bfloat16),
        FP32,
        Datatype("FP64", np.dtype("<f8"), NUMBERS, "numbers"),
        BYTES,
    )
}


def datatype_named(name: Any, where: str) -> Datatype:
    """The datatype of that name.

    Raises:
        InputError: When there is none.
    """
    if isinstance(name, str) and name in DATATYPES:
        return DATATYPES[name]
    raise InputError(where=where, expected=f"one of {', '.join(DATATYPES)}", received=shown(name))
