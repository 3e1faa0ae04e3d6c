"""The INPUT of `onehot predict`: a file, or JSON on standard input, to the body of a request."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from models.sources.damaged_files import UNREADABLE
from models.sources.known_sources import FEATURE_ARRAYS
from onehot.failures import WrongUsage
from onehot.input.table_rows import MOST_BYTES, TABLE_ENDINGS, check_size, read_table

__all__ = ["in_pieces", "read_request"]

PIECE_ROWS = 2**14
PIECE_BYTES = 2**23
"""Bounds of one request, well below what a service takes."""


def read_request(place: str, *, most_bytes: int = MOST_BYTES) -> dict[str, Any]:
    """Read instances and wrap them as the service wants them.

    Args:
        place: A .json, .npy or .npz file, a table, or `-` for JSON on standard input.
        most_bytes: What a compressed file may become.

    Raises:
        WrongUsage: When it cannot be read as what its name says, or becomes too much.
    """
    if place == "-":
        return _from_json(sys.stdin.buffer.read(), "standard input")
    if (table := read_table(place, most_bytes=most_bytes)) is not None:
        return {"instances": table.instances()[0]}
    reader = READERS.get(Path(place).suffix.lower())
    if reader is None:
        endings = ", ".join(ENDINGS)
        expected = f"a file that ends in {endings}, a picture or a folder of them, or - for JSON on standard input"
        raise WrongUsage(f"{place}: expected {expected}")
    check_size(place, most_bytes=most_bytes)
    try:
        content = Path(place).read_bytes()
    except OSError as error:
        raise WrongUsage(f"{place}: {error.strerror}") from error
    return reader(content, place)


def _from_json(content: bytes, place: str) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except ValueError as error:
        raise WrongUsage(f"{place}: expected JSON; received {error}") from error
    if isinstance(document, list):
        return {"instances": document}
    if not isinstance(document, dict):
        raise WrongUsage(
            f"{place}: expected a list of instances, one instance as an object, or a request with `instances` or "
            f"`inputs`; received {type(document).__name__}"
        )
    return document if {"instances", "inputs"} & set(document) else {"instances": [document]}


def _from_numpy(content: bytes, place: str) -> dict[str, Any]:
    import numpy as np  # noqa: PLC0415 -- JSON and CSV need none

    try:
        loaded = np.load(BytesIO(content), allow_pickle=False)
        array = loaded if isinstance(loaded, np.ndarray) else _only_array(loaded, place)
    except UNREADABLE as error:
        raise WrongUsage(f"{place}: expected a numpy file of numbers; received {error}") from error
    if array.ndim == 0:
        raise WrongUsage(f"{place}: expected instances stacked on the first axis; received one number")
    return {"instances": array.tolist()}


def _only_array(arrays: Mapping[str, Any], place: str) -> Any:
    from models.sources.npz_arrays import feature_array  # noqa: PLC0415 -- it imports numpy

    names = list(arrays)
    found = feature_array(names)
    if found is None:
        expected = f"an array {FEATURE_ARRAYS[0]!r} (or {', '.join(FEATURE_ARRAYS[1:])}), or only one"
        raise WrongUsage(f"{place}: expected {expected}; received {', '.join(names) or 'none'}")
    return arrays[found]


def in_pieces(request: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A request as several, in order, none of which is too much for a service; at least one."""
    ((key, rows), *more) = request.items()
    if more or not isinstance(rows, list) or not rows:
        yield request
        return
    size = max(len(json.dumps(rows[0])), 1)
    step = max(min(PIECE_ROWS, PIECE_BYTES // size), 1)
    for start in range(0, len(rows), step):
        yield {key: rows[start : start + step]}


READERS: Mapping[str, Callable[[bytes, str], dict[str, Any]]] = {
    ".json": _from_json,
    ".npy": _from_numpy,
    ".npz": _from_numpy,
}
ENDINGS = (".json", ".csv", ".npy", ".npz", *TABLE_ENDINGS[1:])
