"""The INPUT of `onehot predict`: a file, or JSON on standard input, to the body of a request."""

import json
import sys
from collections.abc import Callable, Mapping
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

from models.preprocessing.table_cells import value_of
from models.sources.csv_text import COMMAS, column_names, csv_rows, is_header
from models.sources.damaged_files import UNREADABLE
from onehot.failures import WrongUsage

__all__ = ["read_request"]

ARRAY_NAME = "x"


def read_request(place: str) -> dict[str, Any]:
    """Read instances and wrap them as the service wants them.

    Args:
        place: A .json, .csv, .npy or .npz file, or `-` for JSON on standard input.

    Raises:
        WrongUsage: When it cannot be read as what its name says.
    """
    if place == "-":
        return _from_json(sys.stdin.buffer.read(), "standard input")
    reader = READERS.get(Path(place).suffix.lower())
    if reader is None:
        expected = f"a file that ends in {', '.join(READERS)}, a picture or a folder of them, or - for JSON on stdin"
        raise WrongUsage(f"{place}: expected {expected}")
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


def _from_csv(content: bytes, place: str) -> dict[str, Any]:
    """Rows of values; with a line of names on top, rows as objects keyed by those names."""
    try:
        rows = list(csv_rows(StringIO(content.decode(COMMAS.encoding), newline="")))
    except UNREADABLE as error:
        raise WrongUsage(f"{place}: expected CSV in UTF-8; received {error}") from error
    if not rows:
        raise WrongUsage(f"{place}: expected rows; received none")
    if not is_header(rows[0]):
        return {"instances": [[value_of(cell) for cell in row] for row in rows]}
    names = column_names(rows[0])
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(names):
            raise WrongUsage(f"{place}: line {number}: expected {len(names)} values; received {len(row)}")
    return {"instances": [dict(zip(names, map(value_of, row), strict=True)) for row in rows[1:]]}


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
    names = list(arrays)
    if len(names) != 1 and ARRAY_NAME not in names:
        raise WrongUsage(
            f"{place}: expected an array {ARRAY_NAME!r}, or only one; received {', '.join(names) or 'none'}"
        )
    return arrays[ARRAY_NAME if ARRAY_NAME in names else names[0]]


READERS: Mapping[str, Callable[[bytes, str], dict[str, Any]]] = {
    ".json": _from_json,
    ".csv": _from_csv,
    ".npy": _from_numpy,
    ".npz": _from_numpy,
}
