"""Files that come as bodies: gathered on the local disk piece by piece, never in memory.

All of a process together have a bound, and they leave room for what the processes of the service tell each other.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from mmap import ACCESS_READ, mmap
from pathlib import Path
from time import perf_counter
from typing import IO

from flask import Request

from models.errors import DiskFull, InputError, StoreFull
from service.errors import BodyTooLarge
from service.http.content_encoding import decoded_chunks
from service.http.multipart import FilePart, find_file

__all__ = ["UploadSpace", "gathered_body", "remove_leftovers", "unpacked_file"]

PIECE_BYTES = 2**14
COPIED_BYTES = 2**20
SMALLEST_PIECE_BYTES = 64
SMALLEST_READ_BYTES = 1024
SLOWEST_BYTES_PER_S = 100
RESERVED_BYTES = 64 * 2**20
"""Of the disk, that no upload takes; of a small one, a tenth."""
PREFIX = "onehot-upload-"
LEFT_S = 3600.0
"""Nothing is written for so long to the file of an upload that is under way: its request has timed out before."""
PLACE = "the folder for temporary files"
"""Where there is no room, for the log."""
AT_ONCE_S = 0.001


class UploadSpace:
    """What the uploads of one process may take of the local disk at one time."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._taken_bytes = 0

    @contextmanager
    def borrowed(self) -> Iterator[Callable[[int], None]]:
        """Takes so many bytes more, until the context ends; raises StoreFull when others have taken too much."""
        own = 0

        def take(size: int) -> None:
            nonlocal own
            if self._taken_bytes + size > self._most_bytes:
                raise StoreFull(f"{PLACE}: uploads under way take {self._taken_bytes} of {self._most_bytes} bytes")
            self._taken_bytes += size
            own += size

        try:
            yield take
        finally:
            self._taken_bytes -= own


@contextmanager
def gathered_body(
    request: Request, *, suffix: str, limit_bytes: int, patience_s: float, space: UploadSpace,
    on_progress: Callable[[], None],
) -> Iterator[Path]:  # fmt: skip
    """The body as a file, for as long as the context lasts. It is read here, where the connection's event loop is.

    Args:
        request: Whose body.
        suffix: Of the file's name.
        limit_bytes: Largest body, before and after decompression.
        patience_s: How long nothing may come.
        space: Of this process.
        on_progress: Called whenever something has come.

    Raises:
        BodyTooLarge: As soon as it is known that there are more bytes than allowed, before or after decompression.
        InputError: When nothing came, less than was announced, or not what its encoding says.
        StoreFull: When the disk is full but for what is reserved, or other uploads take too much of it.
    """
    announced = request.content_length
    if announced is not None and announced > limit_bytes:
        raise BodyTooLarge(limit_bytes)
    encoding = request.environ.get("HTTP_CONTENT_ENCODING")
    received = _Counted(_pieces(request.stream, patience_s, on_progress))
    with space.borrowed() as take, tempfile.NamedTemporaryFile(prefix=PREFIX, suffix=suffix, buffering=0) as file:
        for chunk in decoded_chunks(received, limit_bytes=limit_bytes, encoding=encoding):
            take(len(chunk))
            _write(file, chunk)
        if announced is not None and received.size < announced:
            expected = f"{announced} bytes, as Content-Length says"
            raise InputError(where="body", expected=expected, received=f"{received.size} bytes")
        if not received.size:
            raise InputError(where="body", expected="a data file", received="nothing")
        yield Path(file.name)


@contextmanager
def unpacked_file(form: Path, content_type: str, space: UploadSpace) -> Iterator[tuple[FilePart, Path]]:
    """The only file of a form that was gathered, for as long as the context lasts; it may be renamed in its folder.

    Args:
        form: The whole body.
        content_type: The header.
        space: Of this process.

    Raises:
        InputError: As `service.http.multipart.find_file`.
        StoreFull: As `gathered_body`.
    """
    with space.borrowed() as take, tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
        path = Path(folder) / "file"
        with form.open("rb") as source, mmap(source.fileno(), 0, access=ACCESS_READ) as body:
            part = find_file(body, content_type)
            take(part.content.stop - part.content.start)
            with path.open("wb", buffering=0) as file:
                for start in range(part.content.start, part.content.stop, COPIED_BYTES):
                    _write(file, body[start : min(start + COPIED_BYTES, part.content.stop)])
        if not path.stat().st_size:
            raise InputError(where="body", expected="a data file", received="an empty one")
        yield part, path


def remove_leftovers() -> None:
    """Remove the files of uploads whose process was killed."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):  # another process is faster, or it is another user's
            if path.stat().st_mtime < time.time() - LEFT_S:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def _pieces(stream: IO[bytes], patience_s: float, on_progress: Callable[[], None]) -> Iterator[bytes]:
    """The body as it comes: in small pieces from a slow client, as the server hands out no piece before it is whole."""
    smallest = min(max(SMALLEST_PIECE_BYTES, int(SLOWEST_BYTES_PER_S * patience_s)), PIECE_BYTES)
    at_once, asked_s = 0, perf_counter()
    while piece := _piece(stream, PIECE_BYTES if at_once >= PIECE_BYTES else smallest):
        on_progress()
        at_once = at_once + len(piece) if perf_counter() - asked_s < AT_ONCE_S else 0
        yield piece
        asked_s = perf_counter()


def _piece(stream: IO[bytes], size: int) -> bytes:
    """So many bytes at most: gunicorn's `read` waits for a kilobyte at least, its `readline` does not."""
    return stream.readline(size) if size < SMALLEST_READ_BYTES else stream.read(size)


class _Counted:
    """Chunks, and how many bytes they were."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.size += len(chunk)
            yield chunk


def _write(file: IO[bytes], chunk: bytes) -> None:
    """Write all of it to a file without a buffer, which would be written once more where the file is closed."""
    _require_room(file, len(chunk))
    left = memoryview(chunk)
    try:
        while left:
            left = left[file.write(left) :]
    except OSError as error:
        if error.errno in DiskFull.ERRNOS:
            raise StoreFull(f"{PLACE}: {error}") from error
        raise


def _require_room(file: IO[bytes], size: int) -> None:
    disk = os.fstatvfs(file.fileno())
    free, whole = disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize
    if free - size < min(RESERVED_BYTES, whole // 10):
        raise StoreFull(f"{PLACE}: an upload may not take the last {free} of {whole} bytes")
