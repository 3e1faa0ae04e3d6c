"""The registry of sources: a scheme (`sklearn://`) or a file's ending → what reads it.

A reader is named, not imported: polars and scikit-learn cost time that a training on arrays need not spend.
"""

import hashlib
import importlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from models.errors import DataError
from models.places import find_file
from models.preprocessing import StepSpec
from models.spec import DataSpec
from trainer.data.dataset import Dataset

__all__ = ["ENDINGS", "SCHEMES", "load_dataset"]

SCHEMES: Mapping[str, str] = {"sklearn": "trainer.data.scikit:read"}
"""URL scheme → `module:function`, called with the part after `://` and the spec's `data`."""

ENDINGS: Mapping[str, str] = {
    ".npz": "trainer.data.arrays:read_npz",
    ".npy": "trainer.data.arrays:read_npy",
    ".csv": "trainer.data.tables:read_csv",
    ".parquet": "trainer.data.tables:read_parquet",
    ".jsonl": "trainer.data.tables:read_jsonl",
    ".ndjson": "trainer.data.tables:read_jsonl",
    ".json": "trainer.data.tables:read_json",
}
"""A file's ending → `module:function`, called with its path and the spec's `data`."""


def load_dataset(data: DataSpec, *, roots: tuple[str, ...], steps: tuple[StepSpec, ...] = ()) -> Dataset:
    """Read the source that a spec names.

    Args:
        data: The spec's `data`.
        roots: The folders that files may be read from.
        steps: The preprocessing, which says what to make of text and gaps.

    Raises:
        DataError: Names file, column or row, what was expected and what came.
    """
    scheme, sign, rest = data.source.partition("://")
    if sign:
        dataset = _reader(SCHEMES, scheme, f"{scheme}://")(rest, data)
    else:
        path = find_file(data.source, roots)
        dataset = _reader(ENDINGS, path.suffix.lower(), data.source)(path, data)
        dataset = replace(dataset, source=data.source, sha256=file_digest(path))
    return dataset.checked().prepared_for(steps)


def _reader(registry: Mapping[str, str], key: str, received: str) -> Callable[..., Dataset]:
    if key not in registry:
        known = ", ".join([*ENDINGS, *(f"{scheme}://" for scheme in SCHEMES)])
        raise DataError(where="data.source", expected=f"one of {known}", received=repr(received))
    module, _, function = registry[key].partition(":")
    reader: Callable[..., Dataset] = getattr(importlib.import_module(module), function)
    return reader


def file_digest(path: Path) -> str:
    """sha-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
