"""`multipart/form-data` with one file, as `curl -F file=@a.png` and the forms of browsers send it.

werkzeug's decoder adds a byte where the body's pieces part at an unlucky place; a form that is whole is easily cut.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from mmap import mmap

from werkzeug.http import parse_options_header

from models.errors import InputError, shown
from service.decoding.media_types import BATCH_TYPES
from service.decoding.npy import NPY
from service.decoding.npz import NPZ
from service.decoding.parquet_table import PARQUET
from service.http.content_negotiation import JSON, mimetype_of

__all__ = ["FilePart", "find_file", "is_multipart", "only_part"]

MULTIPART = "multipart/form-data"
ONE = f"{MULTIPART} with one part, a file"
TAIL = re.compile(rb"(--)?[ \t]*(?=\r\n|\Z)")
"""Behind a boundary; the dashes say that it is the last."""
LINE, END_OF_HEAD = b"\r\n", b"\r\n\r\n"
LONGEST_HEAD = 8192
READ_TYPES = frozenset({*BATCH_TYPES, JSON, "text/json"})
TYPES_OF_ENDINGS = {
    ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp", ".bmp": "image/bmp",
    ".gif": "image/gif", ".csv": "text/csv", ".tsv": "text/tab-separated-values", ".json": JSON,
    ".jsonl": "application/jsonl", ".ndjson": "application/x-ndjson", ".npy": NPY, ".npz": NPZ, ".parquet": PARQUET,
}  # fmt: skip
"""For parts whose type says nothing: curl calls a table `application/octet-stream`, Windows a sheet of Excel."""


@dataclass(frozen=True, slots=True)
class FilePart:
    """The only part of a form.

    Args:
        filename: As it was sent, without folders.
        content_type: Its own where that is read here, else what its name says.
        content: Where the file stands in the form.
    """

    filename: str
    content_type: str
    content: slice


def is_multipart(content_type: str | None) -> bool:
    """Whether a body is such a form."""
    return mimetype_of(content_type or "") == MULTIPART


def only_part(body: bytes, content_type: str) -> tuple[bytes, str]:
    """What a body holds, and its type: of a form its only file, of any other body itself.

    Raises:
        InputError: As `find_file`.
    """
    if not is_multipart(content_type):
        return body, content_type
    part = find_file(body, content_type)
    return body[part.content], part.content_type


def find_file(form: bytes | mmap, content_type: str) -> FilePart:
    """The only file of a form.

    Args:
        form: The whole body.
        content_type: The header, which has the boundary.

    Raises:
        InputError: For a form with several parts or none, or one that is malformed.
    """
    found = list(islice(_delimiters(form, _boundary(content_type)), 2))
    if not found or (len(found) == 1 and not found[0].is_last):
        expected = "whole parts between the boundaries that Content-Type names"
        raise InputError(where="body", expected=expected, received="none" if not found else "half a part")
    if found[0].is_last:
        raise InputError(where="body", expected=ONE, received="no part")
    if not found[1].is_last:
        raise InputError(where="body", expected=ONE, received="several parts: send each in a request of its own")
    return _part(form, found[0].end, found[1].start)


@dataclass(frozen=True, slots=True)
class _Delimiter:
    """A boundary with its line: where it begins and ends, and whether it is the last."""

    start: int
    end: int
    is_last: bool


def _delimiters(form: bytes | mmap, boundary: bytes) -> Iterator[_Delimiter]:
    marker = b"--" + boundary
    at = form.find(marker)
    while at >= 0:
        tail = TAIL.match(form, at + len(marker))
        if tail is not None and (at == 0 or form[max(at - 2, 0) : at] == LINE):
            yield _Delimiter(max(at - 2, 0), tail.end(), tail[1] is not None)
        at = form.find(marker, at + len(marker))


def _part(form: bytes | mmap, start: int, end: int) -> FilePart:
    head_end = form.find(END_OF_HEAD, start, min(end, start + LONGEST_HEAD))
    if head_end < 0:
        raise InputError(where="body", expected="a part with a head and an empty line", received="no such line")
    headers = _headers(form[start:head_end])
    options = parse_options_header(headers.get("content-disposition", ""))[1]
    if "filename" not in options:
        raise InputError(
            where="body", expected=ONE, received=f"the field {shown(options.get('name'))}, which is no file"
        )
    filename = options["filename"].rpartition("/")[2]
    stated, ending = headers.get("content-type", ""), "." + filename.rpartition(".")[2].lower()
    known = stated if mimetype_of(stated) in READ_TYPES else TYPES_OF_ENDINGS.get(ending, stated)
    return FilePart(filename, known, slice(head_end + len(END_OF_HEAD), end))


def _headers(head: bytes) -> Mapping[str, str]:
    pairs = [line.partition(":") for line in head.decode("utf-8", "replace").split("\r\n")]
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _boundary(content_type: str) -> bytes:
    boundary = parse_options_header(content_type)[1].get("boundary", "")
    if not boundary:
        raise InputError(where="Content-Type", expected=f"{MULTIPART}; boundary=…", received=shown(content_type))
    return boundary.encode("latin-1", "replace")
