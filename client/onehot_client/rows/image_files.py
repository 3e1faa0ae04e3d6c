"""Pictures as rows: paths of image files, and their bytes."""

import base64
import json
import os
from collections.abc import Sequence
from pathlib import Path

from onehot_client.errors import InvalidInput
from onehot_client.rows.batch import JSON, Batch, RowsBody

__all__ = ["ImageBatch", "Picture", "is_picture"]

Picture = str | os.PathLike[str] | bytes

STARTS = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif", b"BM": "image/bmp"}
"""First bytes of a file → what it is."""
MOST_PICTURES = 64
"""Of one request: it ends in time, also where each has to be decoded and made smaller."""


def is_picture(row: object) -> bool:
    """Whether a row is an image file: its path, as text or as an object, or its bytes."""
    return isinstance(row, (str, os.PathLike, bytes, bytearray))


class ImageBatch(Batch):
    """Image files, read when they are sent.

    Args:
        pictures: Paths or bytes.
    """

    def __init__(self, pictures: Sequence[Picture]) -> None:
        self._pictures = pictures

    def __len__(self) -> int:
        return len(self._pictures)

    def step(self, most_bytes: int) -> int:
        """How many are sent in one request."""
        largest = max(map(_size, self._pictures)) * 4 // 3
        return max(1, min(MOST_PICTURES, most_bytes // max(largest, 1)))

    def body(self, start: int, stop: int) -> RowsBody:
        """One picture as it is, several in base64."""
        contents = [_content(one) for one in self._pictures[start:stop]]
        kind = _kind(contents[0]) if len(contents) == 1 else None
        if kind is not None:
            return RowsBody(contents[0], kind)
        rows = [{"b64": base64.b64encode(content).decode()} for content in contents]
        return RowsBody(json.dumps({"instances": rows}).encode(), JSON)


def _kind(content: bytes) -> str | None:
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in STARTS.items() if content.startswith(start)), None)


def _size(picture: Picture) -> int:
    if isinstance(picture, (bytes, bytearray)):
        return len(picture)
    try:
        return Path(picture).stat().st_size
    except OSError as error:
        raise _unreadable(picture, error) from error


def _content(picture: Picture) -> bytes:
    if isinstance(picture, (bytes, bytearray)):
        return bytes(picture)
    try:
        return Path(picture).read_bytes()
    except OSError as error:
        raise _unreadable(picture, error) from error


def _unreadable(picture: object, error: OSError) -> InvalidInput:
    return InvalidInput("rows", expected="a path of an image file", received=f"{picture!s}: {error.strerror}")
