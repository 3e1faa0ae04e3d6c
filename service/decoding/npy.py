"""Arrays as `.npy` files, read without pickle; numpy reads their headers."""

import io
from functools import lru_cache
from math import prod

import numpy as np

from models.errors import InputError, shown
from models.preprocessing.instances import Array, InstanceSpec, batch_of_array
from models.sources.damaged_files import UNREADABLE
from models.sources.npz_arrays import ArrayHeader, read_header

__all__ = ["NPY", "encode_npy", "parse_npy"]

NPY = "application/x-npy"
"""What an array is called in `Content-Type` and `Accept`."""

LENGTH_BYTES = {b"\1\0": 2, b"\2\0": 4, b"\3\0": 4}
"""Version of the format → bytes of the header's length, which follow the version."""
LONGEST_HEADER = 10_000
LONGEST_TEXT = 512
"""Of a header without the blanks at its end: Python parses what is left, and nesting would cost time."""
KNOWN_HEADERS = 256
"""The batches of a client have few different ones."""
LARGEST_NUMBER = 8
# numpy warns of headers that Python 2 wrote; a warning counts too, where warnings are errors.
DAMAGED: tuple[type[Exception], ...] = (MemoryError, Warning, *UNREADABLE)


def parse_npy(body: bytes, spec: InstanceSpec) -> Array:
    """Make a batch of a `.npy` file: the samples axis, then one instance in a form that the model takes.

    Args:
        body: The file.
        spec: What an instance looks like.

    Returns:
        float32 `(batch, *spec.shape)`; object where the model has optional columns.

    Raises:
        InputError: For another format, dtype or shape, missing or extra bytes, NaN and infinity.
    """
    start = _start_of_data(body)
    shape, is_fortran_order, dtype = _header(body[:start])
    _check_shape(shape, spec)
    expected_bytes = prod(shape) * dtype.itemsize
    if len(body) - start != expected_bytes:
        raise InputError(where="body", expected=f"{expected_bytes} bytes for shape {list(shape)} of {dtype.name}",
                         received=f"{len(body) - start} bytes")  # fmt: skip
    values = np.frombuffer(body, dtype, offset=start)
    return batch_of_array(values.reshape(shape, order="F" if is_fortran_order else "C"), spec, "instances")


def _start_of_data(body: bytes) -> int:
    """Where the header ends, of a file that is long enough for it."""
    if not body.startswith(np.lib.format.MAGIC_PREFIX):
        raise InputError(where="body", expected="a .npy file", received=f"a body that starts {shown(body[:6])}")
    size = LENGTH_BYTES.get(body[6:8])
    if size is None:
        raise InputError(where="body", expected="a .npy file of version 1.0, 2.0 or 3.0", received=shown(body[6:8]))
    length = int.from_bytes(body[8 : 8 + size], "little")
    if length > min(len(body) - 8 - size, LONGEST_HEADER):
        raise InputError(where="body", expected=f"a .npy header within the body, of at most {LONGEST_HEADER} bytes",
                         received=f"a header of {length} bytes")  # fmt: skip
    return 8 + size + length


@lru_cache(KNOWN_HEADERS)
def _header(content: bytes) -> ArrayHeader:
    """Shape, order and type of an array of numbers."""
    try:
        if len(content.rstrip()) > LONGEST_TEXT:
            raise ValueError(f"more than {LONGEST_TEXT} bytes")
        header = read_header(io.BytesIO(content))
        if header.dtype.kind == "V" or min(header.shape, default=0) < 0:
            raise ValueError("fields, or sizes below 0")
    except DAMAGED as error:
        raise InputError(
            where="body", expected="a .npy header with a plain descr, fortran_order and shape", received=shown(content)
        ) from error
    if header.dtype.kind not in "biuf" or header.dtype.itemsize > LARGEST_NUMBER:
        raise InputError(where="body", expected="a dtype of booleans, integers, float16, float32 or float64",
                         received=shown(header.dtype.str))  # fmt: skip
    return header


def _check_shape(shape: tuple[int, ...], spec: InstanceSpec) -> None:
    if not shape or shape[0] < 1 or not spec.accepts(shape[1:]):
        flat = f" or [batch, {spec.size}]" if len(spec.shape) > 1 else ""
        raise InputError(where="body", expected=f"shape [batch, {', '.join(map(str, spec.shape))}]{flat}",
                         received=f"shape {list(shape)}")  # fmt: skip


def encode_npy(predictions: Array) -> bytes:
    """Predictions, `(batch, outputs) float32`, as a `.npy` file."""
    file = io.BytesIO()
    np.lib.format.write_array(file, np.ascontiguousarray(predictions), allow_pickle=False)
    return file.getvalue()
