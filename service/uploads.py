"""Files that come as bodies: gathered on the local disk piece by piece, never in memory."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from flask import Request

from models.errors import InputError, StoreFull
from service.compression import decoded_chunks, read_chunks
from service.errors import BodyTooLarge

__all__ = ["file_chunks", "gathered_body"]

CHUNK_BYTES = 2**20


@contextmanager
def gathered_body(request: Request, *, limit_bytes: int) -> Iterator[Path]:
    """The body as a file, for as long as the context lasts. It is read here, where the connection's event loop is.

    Raises:
        BodyTooLarge: As soon as it is known that there are more bytes than allowed, before or after decompression.
        InputError: When nothing came, less than was announced, or not what its encoding says.
        StoreFull: When the disk is full.
    """
    announced = request.content_length
    if announced is not None and announced > limit_bytes:
        raise BodyTooLarge(limit_bytes)
    encoding = request.environ.get("HTTP_CONTENT_ENCODING")
    received = _Counted(read_chunks(request.stream.read))
    with tempfile.NamedTemporaryFile(prefix="onehot-upload-") as file:
        for chunk in decoded_chunks(received, limit_bytes=limit_bytes, encoding=encoding):
            _write(file, chunk)
        if announced is not None and received.size < announced:
            expected = f"{announced} bytes, as Content-Length says"
            raise InputError(where="body", expected=expected, received=f"{received.size} bytes")
        if not received.size:
            raise InputError(where="body", expected="a data file", received="nothing")
        yield Path(file.name)


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
    try:
        file.write(chunk)
        file.flush()
    except OSError as error:
        raise StoreFull(str(error)) from error


def file_chunks(path: Path) -> Iterator[bytes]:
    """The chunks of a file to its end."""
    with path.open("rb") as file:
        yield from iter(lambda: file.read(CHUNK_BYTES), b"")
