"""The preview of an archive of arrays: names and shapes, from the headers alone."""

import zipfile
from pathlib import Path

from models.errors import DataError
from models.sources.damaged_files import reading
from models.sources.known_sources import DataShape
from models.sources.npz_arrays import choose_arrays, read_plain_header
from models.spec.parts import Spec

__all__ = ["preview_arrays"]


def preview_arrays(path: Path, spec: Spec) -> DataShape:
    """Look at the headers of an archive of arrays, not at the arrays.

    Raises:
        DataError: When it is no archive, holds pickles, or lacks an array that the spec names.
    """
    with reading(spec.data.source, expected="an archive of plain numpy arrays (.npz)"):
        shapes = _shapes(path)
    features, target = choose_arrays(list(shapes), spec.data)
    shape, targets = shapes[features], shapes[target]
    if not shape or not targets or shape[0] != targets[0]:
        received = f"shape {list(targets)} beside features of shape {list(shape)}"
        raise DataError(where=f"{spec.data.source}: {target}", expected="one target for each row", received=received)
    classes = targets[1] if len(targets) == 2 and targets[1] > 1 else None
    return DataShape(shape[1:], classes)


def _shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Name → shape of each array, without reading the arrays."""
    shapes = {}
    with zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            with archive.open(member) as file:
                shapes[member.removesuffix(".npy")] = read_plain_header(file).shape
    return shapes
