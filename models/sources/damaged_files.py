"""Files that were damaged, or made to do harm: what a reader raises on them becomes one error that names the file."""

import csv
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, AnyStr

from models.errors import DataError, InputError, reason_of

__all__ = ["PICKLED", "UNREADABLE", "bounded_lines", "reading"]

LONGEST_LINE = 2**22

PICKLED = "pickled objects, which are never loaded"

UNREADABLE: tuple[type[Exception], ...] = (
    ValueError, EOFError, OSError, RuntimeError, TypeError, LookupError, OverflowError, SyntaxError,
    tokenize.TokenError, zipfile.BadZipFile, zlib.error, struct.error, csv.Error,
)  # fmt: skip
"""What the readers of the standard library and numpy raise: also on encrypted files, unknown methods, deep nesting."""


@contextmanager
def reading(where: str, *, expected: str, errors: tuple[type[Exception], ...] = UNREADABLE) -> Iterator[None]:
    """Turn what a reader raises on a damaged file into an error that names the place.

    Args:
        where: The file, or the place in it.
        expected: What should be there.
        errors: What the reader raises.

    Raises:
        DataError: Says what was expected there, and what the reader said.
    """
    try:
        yield
    except InputError as error:  # an image that is read as those of requests are
        raise DataError(where=error.where, expected=error.expected, received=error.received) from error
    except errors as error:
        received = PICKLED if "allow_pickle" in str(error) else reason_of(error)
        raise DataError(where=where, expected=expected, received=received) from error


def bounded_lines(file: IO[AnyStr]) -> Iterator[AnyStr]:
    """The lines of a file, none of which may be so long that it fills the memory.

    Raises:
        ValueError: Names the first that is too long.
    """
    for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE), file.read(0)), start=1):
        if len(line) == LONGEST_LINE:
            raise ValueError(f"line {number} of {LONGEST_LINE} characters or more")
        yield line
