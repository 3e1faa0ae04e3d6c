"""Pictures as the INPUT of `onehot predict`: one file, or a folder with all its sub-folders."""

import base64
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.sources.data_files import is_hidden
from models.sources.known_sources import IMAGE_ENDINGS
from onehot.failures import WrongUsage

__all__ = ["Pictures", "are_pictures", "find_pictures"]

MOST_BYTES = 8 * 2**20
MOST_PICTURES = 64
"""Of one request: it ends in time, also where each has to be decoded and made smaller."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """Picture files in the order of their names.

    Args:
        paths: Where they are.
        names: What they are called on the screen: in a folder, their paths from there.
        passed_over: What else was in the folder, and how many of each.
    """

    paths: Sequence[Path]
    names: Sequence[str]
    passed_over: dict[str, int]

    def requests(self) -> Iterator[dict[str, Any]]:
        """The bodies of the requests, none of them large.

        Raises:
            WrongUsage: When a file cannot be read.
        """
        for some in _pieces(self.paths):
            yield {"instances": [{"b64": base64.b64encode(_content(path)).decode()} for path in some]}


def are_pictures(place: str) -> bool:
    """Whether an INPUT is a folder, or a file with the ending of a picture."""
    path = Path(place)
    return path.suffix.lower() in IMAGE_ENDINGS or (place != "-" and path.is_dir())


def find_pictures(place: str) -> Pictures:
    """The picture at a place, or all of a folder and its sub-folders; hidden files are passed over.

    Raises:
        WrongUsage: When there is none.
    """
    folder = Path(place)
    if not folder.is_dir():
        return Pictures([folder], [place], {})
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    paths = [path for path in files if _is_picture(path, folder)]
    if not paths:
        expected = f"a folder with pictures ({', '.join(IMAGE_ENDINGS)})"
        raise WrongUsage(f"{place}: expected {expected}; received {len(files)} other files")
    others = Counter(_kind(path, folder) for path in files if not _is_picture(path, folder))
    return Pictures(paths, [path.relative_to(folder).as_posix() for path in paths], dict(sorted(others.items())))


def _is_picture(path: Path, folder: Path) -> bool:
    return path.suffix.lower() in IMAGE_ENDINGS and not _lies_hidden(path, folder)


def _lies_hidden(path: Path, folder: Path) -> bool:
    """Whether the file, or a folder on the way to it, is hidden."""
    return any(is_hidden(Path(part)) for part in path.relative_to(folder).parts)


def _kind(path: Path, folder: Path) -> str:
    return "hidden files" if _lies_hidden(path, folder) else path.suffix.lower() or "files without an ending"


def _pieces(paths: Sequence[Path]) -> Iterator[list[Path]]:
    piece: list[Path] = []
    size = 0
    for path in paths:
        more = path.stat().st_size if path.exists() else 0
        if piece and (size + more > MOST_BYTES or len(piece) == MOST_PICTURES):
            yield piece
            piece, size = [], 0
        piece.append(path)
        size += more
    yield piece


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise WrongUsage(f"{path}: {error.strerror}") from error
