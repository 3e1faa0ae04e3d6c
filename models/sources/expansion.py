"""How much a compressed file becomes when it is read, told before anything of it is in memory."""

import zipfile
import zlib
from math import prod
from pathlib import Path

from models.errors import DataError
from models.sources.damaged_files import UNREADABLE
from models.sources.known_sources import IMAGE_ARCHIVE, ending_of
from models.sources.npz_arrays import read_plain_header
from models.sources.parquet_footer import read_footer

__all__ = ["check_expanded"]

FLOAT_BYTES = 4
MOST_GROWTH = 1032
"""Of deflate: no stream of gzip becomes more times as long."""
LIKELY_GROWTH = 64
"""Of Parquet: numbers that are measured hardly shrink so much, and those columns may be larger than memory."""
CHUNK_BYTES = 2**20
GZIP = 16 + zlib.MAX_WBITS


def check_expanded(path: Path, where: str, *, most_bytes: int) -> None:
    """Refuse a file that becomes more than a worker may hold.

    Args:
        path: The file; what is not compressed by its format is let through.
        where: What it is called in errors.
        most_bytes: What is allowed (`ONEHOT_MAX_DATA_BYTES`).

    Raises:
        DataError: With both sizes.
    """
    ending = ending_of(path.name)
    sizes = {".npz": _archive_bytes, ".parquet": _parquet_bytes, IMAGE_ARCHIVE: _packed_bytes}
    try:
        size = _text_bytes(path, most_bytes) if ending.endswith(".gz") else sizes.get(ending, _nothing)(path)
    except UNREADABLE:
        return  # what cannot be read is told by its reader
    if size > most_bytes:
        what = "text" if ending.endswith(".gz") else "images" if ending == IMAGE_ARCHIVE else "arrays"
        expected = f"{what} of at most {most_bytes} bytes{_as_floats(ending)} (ONEHOT_MAX_DATA_BYTES)"
        received = f"{'more' if ending.endswith('.gz') else size} bytes in a file of {path.stat().st_size}"
        raise DataError(where=where, expected=expected, received=received)


def _as_floats(ending: str) -> str:
    return "" if ending.endswith((".gz", IMAGE_ARCHIVE)) else " as float32"


def _nothing(_: Path) -> int:
    return 0


def _archive_bytes(path: Path) -> int:
    """Of all arrays, as their headers say it."""
    total = 0
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            with archive.open(member) as file:
                header = read_plain_header(file)
            total += max(member.file_size, prod(header.shape) * FLOAT_BYTES)
    return total


def _packed_bytes(path: Path) -> int:
    """Of all files of an archive, as it says it; no more is ever unpacked."""
    with zipfile.ZipFile(path) as archive:
        return sum(member.file_size for member in archive.infolist())


def _parquet_bytes(path: Path) -> int:
    """Of all columns, as the footer says it; 0 where that is no more than large files of numbers are."""
    footer = read_footer(path)
    size = max(footer.rows * footer.columns * FLOAT_BYTES, footer.data_bytes)
    return 0 if size <= LIKELY_GROWTH * path.stat().st_size else size


def _text_bytes(path: Path, most_bytes: int) -> int:
    """Of the text, counted until it is too much; all members of the file."""
    if path.stat().st_size * MOST_GROWTH <= most_bytes:
        return 0
    total, stream = 0, zlib.decompressobj(GZIP)
    with path.open("rb") as file:
        rest = file.read(CHUNK_BYTES)
        while rest and total <= most_bytes:
            total += len(stream.decompress(rest, CHUNK_BYTES))
            rest = stream.unconsumed_tail or stream.unused_data or file.read(CHUNK_BYTES)
            if stream.eof:
                stream = zlib.decompressobj(GZIP)
    return total
