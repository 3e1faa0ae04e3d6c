"""What the data of a spec is at one moment: the service looks when a job is submitted, the worker when it starts.

Only what is in place is looked at, and nothing is read that costs much: headers and names, and the bytes of files up to
some size.
"""

import hashlib
import json
from collections.abc import Iterable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from models.errors import DataError, DatasetNotFound, StoreUnavailable
from models.sources.columns import feature_columns, target_column
from models.sources.csv_text import open_table
from models.sources.damaged_files import UNREADABLE, reading
from models.sources.data_files import class_folders, find_file, is_hidden
from models.sources.known_sources import CSV_ENDINGS, ending_of
from models.sources.npz_arrays import archive_headers, choose_arrays, read_plain_header
from models.sources.parquet_footer import parquet_columns
from models.spec.parts import DataSpec, Spec

__all__ = ["DataState", "look_at_data"]

MOST_DIGESTED_BYTES = 64 * 2**20
"""Of larger files size and time are taken for their content."""
MOST_PARSED_BYTES = 8 * 2**20
"""Larger files are not read for the names in them."""
LONGEST_LAYOUT = 500
"""Characters; of a longer one the beginning and the digest are kept."""
SHOWN = 200
UPLOADED = "dataset://"


@dataclass(frozen=True, slots=True)
class DataState:
    """One source at one moment; what could not be told is empty.

    Args:
        content: A digest of its bytes, or size and time of the file.
        layout: The names of columns, the shape of arrays, or the classes, in words.
    """

    content: str
    layout: str


class Uploads(Protocol):
    """The uploaded data sets: `models.store.datasets.Datasets`."""

    def find(self, reference: str) -> Any:
        """The record of one."""

    def local(self, reference: str) -> AbstractContextManager[Path]:
        """A copy of its file."""


def look_at_data(spec: Spec, *, roots: tuple[str, ...], datasets: Uploads | None = None) -> dict[str, DataState]:
    """The state of each source of a spec that is at hand, by its key: `data.source`, `data.validation`, `data.test`."""
    data = spec.data
    named = {"data.source": data.source, "data.validation": data.validation, "data.test": data.test}
    states = {}
    for key, source in named.items():
        if isinstance(source, str):
            with suppress(
                DataError, DatasetNotFound, StoreUnavailable
            ):  # what is wrong with it is said where it is read
                states[key] = _state(source, data, roots, datasets)
    return states


def _state(source: str, data: DataSpec, roots: tuple[str, ...], datasets: Uploads | None) -> DataState:
    if not source.startswith(UPLOADED):
        path = find_file(source, roots)
        return DataState(_content(path, source), _layout(path, source, data))
    reference = source.removeprefix(UPLOADED)
    if datasets is None:
        raise DataError(where="data.source", expected="a store", received="none")
    info = datasets.find(reference)
    if info.size > MOST_PARSED_BYTES:
        return DataState(f"sha-256 {info.sha256}", "")
    with datasets.local(reference) as path:
        return DataState(f"sha-256 {info.sha256}", _layout(path, source, data))


def _content(path: Path, source: str) -> str:
    with reading(source, expected="a readable file"):
        if path.is_dir():
            return f"sha-256 {_digest(name for folder in class_folders(path, source) for name in _images(folder))}"
        found = path.stat()
        if found.st_size > MOST_DIGESTED_BYTES:
            return f"{found.st_size} bytes, modified at {found.st_mtime_ns / 1e9:.6f}"
        with path.open("rb") as file:
            return f"sha-256 {hashlib.file_digest(file, 'sha256').hexdigest()}"


def _images(folder: Path) -> list[str]:
    return sorted(f"{folder.name}/{one.name}" for one in folder.iterdir() if not is_hidden(one))


def _digest(names: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(names).encode(errors="surrogateescape")).hexdigest()


def _layout(path: Path, source: str, data: DataSpec) -> str:
    """What is trained on, in words; empty where it is not told without reading the data."""
    told = ""
    with suppress(DataError), reading(source, expected="a readable file", errors=UNREADABLE):
        told = _words(path, source, replace(data, source=source))
    if len(told) <= LONGEST_LAYOUT:
        return told
    return f"{told[:SHOWN]}… (sha-256 {_digest([told])})"


def _words(path: Path, source: str, data: DataSpec) -> str:
    if path.is_dir():
        return f"classes {', '.join(folder.name for folder in class_folders(path, source))}"
    ending = ending_of(path.name)
    if ending == ".npz":
        return _arrays(path, data)
    if ending == ".npy":
        with path.open("rb") as file:
            return f"rows of shape {list(read_plain_header(file).shape[1:])}"
    return _columns(_names(path, ending, data), data)


def _columns(names: list[str], data: DataSpec) -> str:
    if not names:
        return ""
    target = target_column(names, data)
    return f"columns {', '.join(feature_columns(names, data, target=target))}, target {target}"


def _arrays(path: Path, data: DataSpec) -> str:
    headers = archive_headers(path)
    features, target = choose_arrays(list(headers), data)
    rows = {name: list(headers[name].shape[1:]) for name in (features, target)}
    return f"features {features} with rows of shape {rows[features]}, target {target} of {rows[target]}"


def _names(path: Path, ending: str, data: DataSpec) -> list[str]:
    """The names of a table's columns; of JSON those of all keys."""
    if ending in CSV_ENDINGS:
        with open_table(path, data) as table:
            return table.names
    if ending == ".parquet":
        return parquet_columns(path)
    if path.stat().st_size > MOST_PARSED_BYTES:
        return []
    text = path.read_text(encoding="utf-8-sig")
    rows = json.loads(text) if ending == ".json" else [json.loads(line) for line in text.splitlines() if line.strip()]
    return list(dict.fromkeys(name for row in rows for name in row))
