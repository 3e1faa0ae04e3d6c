"""Arrays as `.npy` files: how they are sent and how answers are read."""

import ast
import io
from functools import lru_cache
from typing import Any

from onehot_client.lazy_numpy import Array, np

__all__ = ["NPY", "decode_npy", "encode_npy"]

NPY = "application/x-npy"
LENGTH_BYTES = {b"\x01\x00": 2, b"\x02\x00": 4, b"\x03\x00": 4}
"""Version of the format → bytes of the header's length, which follow the version."""
KNOWN_HEADERS = 256
"""The batches of a caller have few different ones."""


def encode_npy(array: Array) -> bytes:
    """An array of numbers, of any shape and dtype, as a `.npy` file."""
    whole = np.ascontiguousarray(array)
    # Joined, the numbers are copied once: a large batch is worth it.
    return b"".join((_header(whole.dtype.str, array.shape), whole.reshape(-1).view(np.uint8).data))


@lru_cache(KNOWN_HEADERS)
def _header(dtype: str, shape: tuple[int, ...]) -> bytes:
    file = io.BytesIO()
    fields = {"descr": dtype, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, fields)
    return file.getvalue()


def decode_npy(content: bytes) -> Array:
    """The array of a `.npy` file, in its shape and dtype, read without pickle.

    Raises:
        ValueError: When it is no such file.
    """
    size = LENGTH_BYTES.get(content[6:8], 0)
    if not content.startswith(np.lib.format.MAGIC_PREFIX) or not size:
        raise ValueError("no .npy file")
    start = 8 + size + int.from_bytes(content[8 : 8 + size], "little")
    dtype, shape, is_fortran = _described(content[8 + size : start])
    flat = np.frombuffer(content, dtype, offset=start)
    return np.array(flat.reshape(shape, order="F" if is_fortran else "C"))


@lru_cache(KNOWN_HEADERS)
def _described(header: bytes) -> "tuple[np.dtype[Any], tuple[int, ...], bool]":
    try:
        fields = ast.literal_eval(header.decode("latin-1"))
        dtype = np.dtype(fields["descr"])
        shape, is_fortran = tuple(fields["shape"]), bool(fields["fortran_order"])
    except (SyntaxError, TypeError, KeyError) as error:
        raise ValueError(f"no header of a .npy file: {header[:60]!r}") from error
    if dtype.hasobject:
        raise ValueError("an array of objects")
    return dtype, shape, is_fortran
