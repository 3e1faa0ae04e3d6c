"""The number of elements of a JSON list, read piece by piece: one element at a time is in memory."""

import json
import re
from pathlib import Path
from typing import IO

__all__ = ["json_rows"]

PIECE = 2**16
LONGEST_ROW = 2**22
"""Characters of one element; as numbers it takes ten times as much memory."""
SPACE = re.compile(r"[ \t\n\r]*")


def json_rows(path: Path) -> int:
    """How many elements the list has that a JSON file holds.

    Raises:
        ValueError: When the file is no list in JSON, or one of its elements is longer than it may be.
    """
    with path.open(encoding="utf-8-sig") as file:
        return _List(file).rows()


class _List:
    """Reads forward through the text of a list."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._decoder = json.JSONDecoder()
        self._text = ""
        self._place = 0

    def rows(self) -> int:
        """Count them all, and look whether that is all."""
        self._pass_mark("[")
        count = 0
        while count or self._next() != "]":
            self._pass_element()
            count += 1
            if self._pass_mark(",]") == "]":
                break
        else:
            self._pass_mark("]")
        if self._next():
            raise ValueError("more after the end of the list")
        return count

    def _pass_mark(self, marks: str) -> str:
        """One of these characters."""
        mark = self._next()
        if not mark or mark not in marks:
            raise ValueError(f"{mark!r}, where {' or '.join(marks)} of a list belongs")
        self._place += 1
        return mark

    def _next(self) -> str:
        """The next character that is no space, not yet passed; empty at the end."""
        while True:
            spaces = SPACE.match(self._text, self._place)
            self._place = spaces.end() if spaces else self._place
            if self._place < len(self._text) or not self._read(PIECE):
                return self._text[self._place : self._place + 1]

    def _pass_element(self) -> None:
        self._next()
        size = PIECE
        while True:
            try:
                _, end = self._decoder.raw_decode(self._text, self._place)
            except json.JSONDecodeError:
                if len(self._text) - self._place > LONGEST_ROW:
                    raise ValueError(f"an element of more than {LONGEST_ROW} characters, or no JSON") from None
                if not self._read(size):
                    raise
            else:
                if end < len(self._text) or not self._read(size):  # a number may go on
                    self._place = end
                    return
            size *= 2  # so that what was read is not looked at too often

    def _read(self, size: int) -> bool:
        """Go on in the file, and forget what was passed; whether there was more."""
        piece = self._file.read(size)
        if piece:
            self._text, self._place = self._text[self._place :] + piece, 0
        return bool(piece)
