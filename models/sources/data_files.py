"""Which file a source names: only files under the data roots, whatever links and dots say."""

from collections.abc import Iterator
from pathlib import Path

from models.errors import DataError

__all__ = ["class_folders", "find_file", "is_hidden"]

RESOURCE_FORKS = "__MACOSX"
"""The folder of an archive of macOS that repeats its tree with files that are no images."""


def find_file(source: str, roots: tuple[str, ...]) -> Path:
    """The file, or the folder, that a source names.

    Args:
        source: A path; a relative one is tried under each root.
        roots: The folders that data may be read from.

    Raises:
        DataError: When there is no such file under the roots, or its real place is outside of them.
    """
    bounds = [Path(root).resolve() for root in roots]
    expected = f"a file under {', '.join(str(bound) for bound in bounds) or 'a data root'} (ONEHOT_DATA_ROOTS)"
    outside = False
    for bound in bounds:
        try:
            found = (bound / source).resolve()
            is_there = found.exists()
        except (OSError, RuntimeError, ValueError) as error:  # a NUL, a loop of links, a name that is too long
            raise DataError(where="data.source", expected=expected, received=f"{source!r}, which is no path") from error
        if not any(found.is_relative_to(one) for one in bounds):
            outside = True
        elif is_there:
            return found
    received = f"{source!r}, which is outside" if outside else f"{source!r}, which does not exist"
    raise DataError(where="data.source", expected=expected, received=received)


def class_folders(folder: Path, source: str) -> Iterator[Path]:
    """The sub-folders of a folder of images, one for each class, in the order of their names.

    Raises:
        DataError: When there are fewer than two.
    """
    found = sorted(one for one in folder.iterdir() if one.is_dir() and not is_hidden(one))
    if len(found) < 2:
        expected = "a folder of images with one sub-folder a class, at least two"
        raise DataError(where=source, expected=expected, received=f"{len(found)} sub-folders")
    yield from found


def is_hidden(path: Path) -> bool:
    """Whether a file or folder is one that systems leave behind: `.DS_Store`, `._a.png`, `__MACOSX`."""
    return path.name.startswith(".") or path.name == RESOURCE_FORKS
