"""Files of numpy's: what their headers say, and which arrays of an archive are features and target."""

import zipfile
from collections.abc import Container, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from models.errors import DataError
from models.sources.damaged_files import PICKLED
from models.sources.known_sources import FEATURE_ARRAYS, TARGET_ARRAYS
from models.spec.parts import DataSpec

__all__ = [
    "ArrayHeader", "archive_headers", "choose_arrays", "feature_array", "own_test_arrays", "read_header",
    "read_plain_header", "target_index",
]  # fmt: skip

CLASS_NAMES = "class_names"


class ArrayHeader(NamedTuple):
    """What numpy's format says of an array before its bytes."""

    shape: tuple[int, ...]
    is_fortran_order: bool
    dtype: np.dtype[Any]


def read_header(file: IO[bytes]) -> ArrayHeader:
    """Read the header from the beginning of an array's file.

    Raises:
        ValueError: When it is no array in numpy's format; also what numpy raises besides.
    """
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    return ArrayHeader(*read(file))


def read_plain_header(file: IO[bytes]) -> ArrayHeader:
    """The same of an array that can be loaded.

    Raises:
        ValueError: Also when it is one of pickled objects.
    """
    header = read_header(file)
    if header.dtype.hasobject:
        raise ValueError(PICKLED)
    return header


def archive_headers(path: Path) -> dict[str, ArrayHeader]:
    """Name → header of each array of an archive, without reading the arrays.

    Raises:
        ValueError: When one is no array, or one of pickled objects; also what zipfile raises besides.
    """
    headers = {}
    with zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            with archive.open(member) as file:
                headers[member.removesuffix(".npy")] = read_plain_header(file)
    return headers


def choose_arrays(names: Sequence[str], data: DataSpec) -> tuple[str, str]:
    """The names of the features and of the target among the arrays of an archive.

    Each is the one that the spec names, else one with a usual name; features may also be the only ones left.

    Raises:
        DataError: When the spec names none of them, or none has a usual name.
    """
    target = _chosen(data.target, TARGET_ARRAYS, names, data, key="target")
    if data.groups is not None:
        _chosen(data.groups, (), names, data, key="groups")
    others = [name for name in names if name not in (target, data.groups)]
    wanted = data.features[0] if isinstance(data.features, tuple) and len(data.features) == 1 else data.features
    if isinstance(wanted, tuple):
        raise DataError(where="data.features", expected="the name of one array", received=f"{len(wanted)} names")
    return _chosen(wanted, FEATURE_ARRAYS, others, data, key="features"), target


def feature_array(names: Sequence[str]) -> str | None:
    """The array of an archive that is predicted for: one with a usual name, else the only one that is no target."""
    folded = {name.lower(): name for name in names}
    usual = [folded[name] for name in FEATURE_ARRAYS if name in folded]
    others = [name for lower, name in folded.items() if lower not in (*TARGET_ARRAYS, CLASS_NAMES)]
    found = usual[:1] or (others if len(others) == 1 else list(names) if len(names) == 1 else [])
    return found[0] if found else None


def own_test_arrays(features: str, target: str, names: Container[str]) -> tuple[str, str] | None:
    """The names of an archive's own test part beside these arrays, as keras.datasets writes them."""
    own = ("x_test", "y_test")
    return own if (features, target) == ("x_train", "y_train") and all(name in names for name in own) else None


def target_index(target: str | None, columns: int, source: str) -> int:
    """The column of the targets in one table of numbers: the last, else the one with this index.

    Raises:
        DataError: When there is no such column.
    """
    try:
        column = -1 if target is None else int(target)
        return range(columns)[column]
    except (ValueError, IndexError) as error:
        expected = f"a column's index from 0 to {columns - 1}"
        raise DataError(where=f"{source}: data.target", expected=expected, received=repr(target)) from error


def _chosen(wanted: str | None, usual: Sequence[str], names: Sequence[str], data: DataSpec, *, key: str) -> str:
    if wanted is not None:
        if wanted not in names:
            expected = f"one of {', '.join(names)}"
            raise DataError(where=f"{data.source}: data.{key}", expected=expected, received=repr(wanted))
        return wanted
    folded = {name.lower(): name for name in names}
    found = [folded[name] for name in usual if name in folded]
    if not found and key == "features" and len(names) == 1:
        return names[0]
    if not found:
        expected = f"an array called {', '.join(usual)}, or `data.{key}`"
        raise DataError(where=data.source, expected=expected, received=f"the arrays {', '.join(names)}")
    return found[0]
