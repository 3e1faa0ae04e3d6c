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
        if self._next() != "[":
            raise ValueError("a document that is no list")
        self._place += 1
        count = 0
        if self._next() == "]":
            self._place += 1
        else:
            count = self._elements()
        if self._next():
            raise ValueError("more after the end of the list")
        return count

    def _elements(self) -> int:
        """How many there are, with every comma and the last bracket where they belong."""
        count = 0
        while True:
            try:
                self._pass_element()
            except json.JSONDecodeError as error:
                raise ValueError(f"element {count} is no JSON: {error.msg}") from error
            count += 1
            mark = self._next()
            self._place += 1
            if mark == "]":
                return count
            if mark != ",":
                raise ValueError(f"{mark!r} after element {count - 1}, where a comma or the end of the list belongs")

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
