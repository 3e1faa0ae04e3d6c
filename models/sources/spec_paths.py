"""Paths in a spec that was read from a file: beside it, else in the working folder, else left to the data roots."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

__all__ = ["with_whole_paths"]

KEYS = ("source", "validation", "test")
"""Of `data`: the values that may be paths."""


def with_whole_paths(document: Mapping[str, Any], *, beside: Path) -> dict[str, Any]:
    """A spec in which the files that are here have their whole paths; what is not here is left to the data roots.

    Args:
        document: A spec; it stays as it is.
        beside: The folder of the spec's file.
    """
    data = document.get("data")
    if not isinstance(data, Mapping):
        return dict(document)
    found = {key: _whole_path(data[key], beside) for key in KEYS if isinstance(data.get(key), str)}
    return {**document, "data": {**data, **found}}


def _whole_path(source: str, beside: Path) -> str:
    if "://" in source:
        return source
    with suppress(OSError, RuntimeError, ValueError):  # no home, a NUL, a name that is too long
        path = Path(source).expanduser()
        for folder in (beside, Path()):
            if (folder / path).exists():
                return str((folder / path).absolute())
    return source
