"""The registry of sources: a scheme (`sklearn://`) or a file's ending → what reads it.

A reader is named, not imported: polars and scikit-learn cost time that a training on arrays need not spend.
"""

import hashlib
import importlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from models.capture.captured_source import SCHEME
from models.errors import DataError
from models.preprocessing.pipeline import StepSpec
from models.settings import Settings
from models.sources.columns import check_dropping, check_groups
from models.sources.data_files import find_file
from models.sources.expansion import check_expanded
from models.sources.known_sources import CSV_ENDINGS, OBJECT_STORES, ending_of, known_files, known_kinds
from models.spec import DataSpec
from models.store.datasets import Datasets
from trainer.data.dataset import Dataset
from trainer.data.readers.captured import read_captured
from trainer.data.readers.remote import fetched

__all__ = ["MOST_BYTES", "load_dataset", "read_source"]

SETS: Mapping[str, str] = {
    "sklearn": "trainer.data.readers.scikit_sets:read",
    "keras": "trainer.data.readers.keras_sets:read",
}
"""Scheme of known data sets → `module:function`, called with the part after `://` and the spec's `data`."""

FILES: Mapping[str, str] = {
    ".npz": "trainer.data.readers.array_files:read_npz",
    ".npy": "trainer.data.readers.array_files:read_npy",
    **dict.fromkeys(CSV_ENDINGS, "trainer.data.readers.tables:read_csv"),
    ".jsonl": "trainer.data.readers.tables:read_json",
    ".ndjson": "trainer.data.readers.tables:read_json",
    ".json": "trainer.data.readers.tables:read_json",
}
"""A file's ending → `module:function`, called with its path and the spec's `data`."""

MOST_BYTES = Settings().max_data_bytes
"""What a compressed file may become where the settings do not say it."""
PARQUET = ".parquet"
STREAMED: Mapping[str, str] = {
    PARQUET: "trainer.data.readers.parquet:read_parquet",
    "": "trainer.data.readers.image_folders:read_images",
}
"""Ending, or none for a folder → the same for what may be larger than memory; called with the steps as well."""


def load_dataset(
    data: DataSpec, *, roots: tuple[str, ...], steps: tuple[StepSpec, ...] = (), datasets: Datasets | None = None,
    forms: Mapping[str, str] | None = None, most_bytes: int = MOST_BYTES,
) -> Dataset:  # fmt: skip
    """Read the source that a spec names, and check it.

    Args:
        data: The spec's `data`.
        roots: The folders that files may be read from.
        steps: The preprocessing, which says what to make of text and gaps.
        datasets: The uploaded data sets, for `dataset://`.
        forms: Column → the form of its cells, where another source has told it.
        most_bytes: What a compressed file may become.

    Raises:
        DataError: Names file, column or row, what was expected and what came.
        StoreUnavailable: When the store does not answer.
    """
    dataset = read_source(data, roots=roots, steps=steps, datasets=datasets, most_bytes=most_bytes)
    return dataset.prepared_for(steps, forms=forms)


def read_source(
    data: DataSpec, *, roots: tuple[str, ...], steps: tuple[StepSpec, ...] = (), datasets: Datasets | None = None,
    most_bytes: int = MOST_BYTES,
) -> Dataset:  # fmt: skip
    """The same with text and gaps as they are."""
    scheme, sign, rest = data.source.partition("://")
    if sign and scheme in SETS:
        check_dropping(data, "")
        check_groups(data, "")
        return _function(SETS[scheme])(rest, data).checked()  # type: ignore[no-any-return]
    if scheme == SCHEME and datasets is not None:
        return read_captured(datasets.objects, data).checked()
    with _local(data.source, roots, datasets) as path:
        check_expanded(path, data.source, most_bytes=most_bytes)
        dataset = _read(path, data, steps)
    return dataset.checked()


@contextmanager
def _local(source: str, roots: tuple[str, ...], datasets: Datasets | None) -> Iterator[Path]:
    """Where a source's file is while it is read."""
    scheme, sign, rest = source.partition("://")
    if not sign:
        yield find_file(source, roots)
    elif scheme in OBJECT_STORES:
        with fetched(source) as path:
            yield path
    elif scheme == "dataset" and datasets is not None:
        with datasets.local(rest) as path:
            yield path
    else:
        raise DataError(where="data.source", expected=f"one of {known_kinds()}", received=repr(source))


def _read(path: Path, data: DataSpec, steps: tuple[StepSpec, ...]) -> Dataset:
    ending = "" if path.is_dir() else ending_of(path.name)
    dataset: Dataset
    if ending in ("", *FILES):
        check_dropping(data, ending)
        check_groups(data, ending)
    if path.is_dir():
        dataset = _function(STREAMED[""])(path, data, steps)
        return dataset
    if ending == PARQUET:
        dataset = _function(STREAMED[ending])(path, data, steps)
    elif ending in FILES:
        dataset = _function(FILES[ending])(path, data)
    else:
        raise DataError(where="data.source", expected=f"one of {known_files()}", received=repr(data.source))
    return replace(dataset, source=data.source, sha256=file_digest(path), is_text=ending in CSV_ENDINGS)


def _function(place: str) -> Any:
    module, _, function = place.partition(":")
    return getattr(importlib.import_module(module), function)


def file_digest(path: Path) -> str:
    """sha-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
