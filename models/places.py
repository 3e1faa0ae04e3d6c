"""Which file a source names: only files under the data roots, whatever links and dots say."""

from pathlib import Path

from models.errors import DataError

__all__ = ["find_file"]


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
        found = (bound / source).resolve()
        if not any(found.is_relative_to(one) for one in bounds):
            outside = True
        elif found.exists():
            return found
    received = f"{source!r}, which is outside" if outside else f"{source!r}, which does not exist"
    raise DataError(where="data.source", expected=expected, received=received)
