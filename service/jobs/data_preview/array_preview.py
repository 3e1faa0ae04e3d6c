"""The preview of arrays: names and shapes from the headers, and the targets where they are small."""

from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from models.errors import DataError
from models.preprocessing.instances import Array
from models.sources.damaged_files import reading
from models.sources.known_sources import DataShape, Targets
from models.sources.npz_arrays import ArrayHeader, archive_headers, choose_arrays, own_test_arrays, target_index
from models.spec.parts import Spec

__all__ = ["preview_archive", "preview_array"]

ARCHIVE = "an archive of plain numpy arrays (.npz)"
MOST_BYTES = 8 * 2**20


def preview_archive(path: Path, spec: Spec) -> DataShape:
    """Look at the headers of an archive of arrays and at its targets, not at its features.

    Raises:
        DataError: When it is no archive, holds pickles, or lacks an array that the spec names.
    """
    source = spec.data.source
    with reading(source, expected=ARCHIVE):
        headers = archive_headers(path)
    features, target = choose_arrays(list(headers), spec.data)
    shape, targets = headers[features].shape, headers[target].shape
    if not shape or not targets or shape[0] != targets[0]:
        received = f"shape {list(targets)} beside features of shape {list(shape)}"
        raise DataError(where=f"{source}: {target}", expected="one target for each row", received=received)
    has_own_test = own_test_arrays(features, target, headers) is not None
    classes = targets[1] if len(targets) == 2 and targets[1] > 1 else None
    found = _targets(path, headers, target, source)
    return DataShape(shape[1:], classes, targets=found, has_own_test=has_own_test)


def _targets(path: Path, headers: Mapping[str, ArrayHeader], target: str, source: str) -> Targets | None:
    """The targets where they, and the names of their classes, are small."""
    wanted = [name for name in (target, "class_names") if name in headers]
    if sum(_size(headers[name]) for name in wanted) > MOST_BYTES:
        return None
    with reading(source, expected=ARCHIVE), np.load(path, allow_pickle=False) as archive:
        arrays: dict[str, Array] = {name: archive[name] for name in wanted}
    names = arrays.get("class_names")
    own = tuple(map(str, names)) if names is not None and names.ndim == 1 else None
    return Targets(arrays[target], f"{source}: target", own)


def _size(header: ArrayHeader) -> int:
    return prod(header.shape) * header.dtype.itemsize


def preview_array(path: Path, spec: Spec) -> DataShape:
    """Look at the header of one table of numbers, and at its column of targets.

    Raises:
        DataError: When it is no two-dimensional array, or has no such column.
    """
    source = spec.data.source
    with reading(source, expected="plain numpy arrays"):
        table: Any = np.load(path, mmap_mode="r", allow_pickle=False)
    if not isinstance(table, np.ndarray) or table.ndim != 2 or table.shape[1] < 2:
        received = f"shape {list(table.shape)}" if isinstance(table, np.ndarray) else "an archive"
        raise DataError(where=source, expected="a table of at least two columns", received=received)
    column = target_index(spec.data.target, table.shape[1], source)
    is_small = table.nbytes <= MOST_BYTES
    targets = Targets(np.array(table[:, column]), f"{source}: target") if is_small else None
    return DataShape((table.shape[1] - 1,), targets=targets)
