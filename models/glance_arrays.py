"""A glance at an archive of arrays: names and shapes, from the headers alone."""

import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models.errors import DataError
from models.sight import Sight
from models.sources import FEATURE_ARRAYS, TARGET_ARRAYS
from models.spec_parts import Spec

__all__ = ["look_at_arrays"]


def look_at_arrays(path: Path, spec: Spec) -> Sight:
    """Look at the headers of an archive of arrays, not at the arrays.

    Raises:
        DataError: When it is no archive, holds pickles, or lacks an array that the spec names.
    """
    headers = _array_headers(path, spec.data.source)
    target = _chosen(spec.data.target, TARGET_ARRAYS, list(headers), "target", spec)
    wanted = spec.data.features if isinstance(spec.data.features, str) else None
    features = _chosen(wanted, FEATURE_ARRAYS, [name for name in headers if name != target], "features", spec)
    shape, targets = headers[features], headers[target]
    if not shape or not targets or shape[0] != targets[0]:
        received = f"shape {list(targets)} beside features of shape {list(shape)}"
        raise DataError(where=f"{spec.data.source}: {target}", expected="one target for each row", received=received)
    classes = targets[1] if len(targets) == 2 and targets[1] > 1 else None
    return Sight(shape[1:], classes)


def _array_headers(path: Path, source: str) -> dict[str, tuple[int, ...]]:
    """Name → shape of each array, without reading the arrays."""
    headers = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                with archive.open(member) as file:
                    version = np.lib.format.read_magic(file)
                    read = (
                        np.lib.format.read_array_header_1_0
                        if version == (1, 0)
                        else np.lib.format.read_array_header_2_0
                    )
                    shape, _, dtype = read(file)
                if dtype.hasobject:
                    raise DataError(
                        where=source, expected="plain numpy arrays", received="pickled objects, which are never loaded"
                    )
                headers[member.removesuffix(".npy")] = shape
    except (ValueError, zipfile.BadZipFile, EOFError, OSError) as error:
        raise DataError(where=source, expected="an archive of arrays (.npz)", received=str(error)) from error
    return headers


def _chosen(wanted: str | None, usual: Sequence[str], names: Sequence[str], key: str, spec: Spec) -> str:
    if wanted is not None:
        if wanted not in names:
            where = f"{spec.data.source}: data.{key}"
            raise DataError(where=where, expected=f"one of {', '.join(names)}", received=repr(wanted))
        return wanted
    folded = {name.lower(): name for name in names}
    found = [folded[name] for name in usual if name in folded] or (list(names) if len(names) == 1 else [])
    if not found:
        expected = f"an array called {', '.join(usual)}, or `data.{key}`"
        raise DataError(where=spec.data.source, expected=expected, received=f"the arrays {', '.join(names)}")
    return found[0]
