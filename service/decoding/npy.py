"""Arrays as `.npy` files, read without pickle and without evaluating anything.

Source: numpy's `numpy.lib.format`, versions 1.0 to 3.0 of the format.
"""

import io
import re
from math import prod

import numpy as np

from models.errors import InputError, shown
from models.preprocessing.instances import Array, InstanceSpec, require_finite

__all__ = ["NPY", "encode_npy", "parse_npy"]

NPY = "application/x-npy"
"""What an array is called in `Content-Type` and `Accept`."""

MAGIC = b"\x93NUMPY"
# Version → bytes of the header's length.
LENGTH_BYTES = {(1, 0): 2, (2, 0): 4, (3, 0): 4}
LONGEST_HEADER = 10_000
ENTRY = re.compile(
    r"""\s*['"](descr|fortran_order|shape)['"]\s*:\s*('[^']*'|"[^"]*"|True|False|\([\d,\s]*\))\s*,?\s*"""
)
NUMERIC = re.compile(r"[<>|=]?(b1|[iu][1248]|f[248])")
LARGEST_SIZE_DIGITS = 18


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
    header, start = _split(body)
    entries = _entries(header)
    dtype = _dtype(entries["descr"])
    shape = _shape(entries["shape"], spec)
    expected_bytes = prod(shape) * dtype.itemsize
    if len(body) - start != expected_bytes:
        raise InputError(where="body", expected=f"{expected_bytes} bytes for shape {list(shape)} of {dtype.name}",
                         received=f"{len(body) - start} bytes")  # fmt: skip
    values = np.frombuffer(body, dtype, offset=start)
    array = values.reshape(shape, order="F" if entries["fortran_order"] == "True" else "C")
    with np.errstate(over="ignore"):
        batch = array.astype(np.float32).reshape(-1, *spec.shape)
    require_finite(batch, "instances")
    return batch if spec.is_numeric else batch.astype(object)


def _split(body: bytes) -> tuple[str, int]:
    """The header's text and where the data starts."""
    if not body.startswith(MAGIC):
        raise InputError(where="body", expected="a .npy file", received=f"a body that starts {shown(body[:6])}")
    size = LENGTH_BYTES.get((body[6], body[7])) if len(body) > 8 else None
    if size is None:
        raise InputError(where="body", expected="a .npy file of version 1.0, 2.0 or 3.0", received=shown(body[6:8]))
    start = 8 + size + int.from_bytes(body[8 : 8 + size], "little")
    if start > min(len(body), 8 + size + LONGEST_HEADER):
        raise InputError(where="body", expected=f"a .npy header within the body, of at most {LONGEST_HEADER} bytes",
                         received=f"a header of {start - 8 - size} bytes")  # fmt: skip
    return body[8 + size : start].decode("utf-8", "replace"), start


def _entries(header: str) -> dict[str, str]:
    """The three values of the header, in any order, as text without quotes."""
    text = header.strip()
    entries: dict[str, str] = {}
    position = 1
    while entry := ENTRY.match(text, position):
        entries[entry[1]] = entry[2].strip("'\"")
        position = entry.end()
    if len(entries) != 3 or text[:1] != "{" or text[position:] != "}":
        raise InputError(
            where="body", expected="a .npy header with a plain descr, fortran_order and shape", received=shown(text)
        )
    return entries


def _dtype(descr: str) -> np.dtype[np.generic]:
    if not NUMERIC.fullmatch(descr):
        raise InputError(where="body", expected="a dtype of booleans, integers, float16, float32 or float64",
                         received=shown(descr))  # fmt: skip
    return np.dtype(descr)


def _shape(text: str, spec: InstanceSpec) -> tuple[int, ...]:
    sizes = re.findall(r"\d+", text)
    shape = tuple(int(size[:LARGEST_SIZE_DIGITS]) for size in sizes)
    if not shape or shape[0] < 1 or not spec.accepts(shape[1:]):
        flat = f" or [batch, {spec.size}]" if len(spec.shape) > 1 else ""
        raise InputError(where="body", expected=f"shape [batch, {', '.join(map(str, spec.shape))}]{flat}",
                         received=f"shape [{', '.join(sizes)}]")  # fmt: skip
    return shape


def encode_npy(predictions: Array) -> bytes:
    """Predictions as a `.npy` file."""
    file = io.BytesIO()
    np.lib.format.write_array(file, np.ascontiguousarray(predictions), allow_pickle=False)
    return file.getvalue()
