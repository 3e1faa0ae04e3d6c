"""Bodies as gzip or deflate: decompressed piece by piece within the limit; compressed where a caller asks for it."""

import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping

from werkzeug.wrappers import Request, Response

from models.errors import InputError, shown
from service.blocking_calls import run_in_thread
from service.errors import BodyTooLarge
from service.http.content_negotiation import takes_gzip

__all__ = ["compress_answer", "compressed", "compressed_for", "decoded", "decoded_chunks", "read_chunks"]

ACCEPT_ENCODING = "Accept-Encoding"
PLAIN: Mapping[str, str] = {}
CHUNK_BYTES = 64 * 1024
GZIP_WINDOW = 16 + zlib.MAX_WBITS
WORTH_IT_BYTES = 8 * 1024
"""Below, an answer is sent as fast as it is compressed."""
LONG_BYTES = 256 * 1024
"""Above, compressing takes so long that others should go on meanwhile."""


def read_chunks(read: Callable[[int], bytes], size: int = CHUNK_BYTES) -> Iterator[bytes]:
    """The chunks of a stream to its end, each of so many bytes at most."""
    return iter(lambda: read(size), b"")


def decoded(chunks: Iterable[bytes], *, limit_bytes: int, encoding: str | None = None) -> bytes:
    """Put a body together, plain or not, never holding more than the limit and one chunk; as `decoded_chunks`."""
    return b"".join(decoded_chunks(chunks, limit_bytes=limit_bytes, encoding=encoding))


def decoded_chunks(chunks: Iterable[bytes], *, limit_bytes: int, encoding: str | None = None) -> Iterator[bytes]:
    """A body, plain or compressed, piece by piece.

    Args:
        chunks: The body as it comes.
        limit_bytes: Largest body, before and after decompression.
        encoding: The header `Content-Encoding`.

    Raises:
        BodyTooLarge: As soon as the limit is passed.
        InputError: For another encoding, or a body that is not what its encoding says.
    """
    received = _limited(chunks, limit_bytes)
    match (encoding or "identity").strip().lower():
        case "identity":
            return received
        case "gzip" | "x-gzip":
            return _limited(_inflated(received, GZIP_WINDOW), limit_bytes)
        case "deflate":
            return _limited(_inflated(received, zlib.MAX_WBITS), limit_bytes)
    raise InputError(where="Content-Encoding", expected="gzip, deflate or identity", received=shown(encoding))


def _limited(chunks: Iterable[bytes], limit_bytes: int) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > limit_bytes:
            raise BodyTooLarge(limit_bytes)
        yield chunk


def _inflated(chunks: Iterable[bytes], window: int) -> Iterator[bytes]:
    """Decompress piece by piece: however far a bomb expands, one piece is all that is held here."""
    stream = zlib.decompressobj(window)
    try:
        for chunk in chunks:
            yield from _pieces(stream, chunk)
        while piece := stream.decompress(b"", CHUNK_BYTES):
            yield piece
    except zlib.error as error:
        raise _not_compressed(str(error)) from error
    if not stream.eof:
        raise _not_compressed("an end in the middle of it")


def _pieces(stream: "zlib._Decompress", chunk: bytes) -> Iterator[bytes]:
    while chunk and not stream.eof:
        yield stream.decompress(chunk, CHUNK_BYTES)
        chunk = stream.unconsumed_tail
    if chunk or stream.unused_data:
        raise _not_compressed("more bytes after it")


def _not_compressed(received: str) -> InputError:
    return InputError(where="body", expected="one compressed stream, as Content-Encoding says", received=received)


def compressed(body: bytes) -> bytes:
    """The body as gzip, quickly rather than tightly."""
    return gzip.compress(body, compresslevel=1, mtime=0)


def compressed_for(accept_encoding: str, body: bytes) -> tuple[bytes, Mapping[str, str]]:
    """A body as it is sent to a caller with this header, and the headers that tell of it: a large one compressed."""
    if len(body) < WORTH_IT_BYTES:
        return body, PLAIN
    if not takes_gzip(accept_encoding):
        return body, {"Vary": ACCEPT_ENCODING}
    content = run_in_thread(compressed, body) if len(body) > LONG_BYTES else compressed(body)
    return content, {"Vary": ACCEPT_ENCODING, "Content-Encoding": "gzip"}


def compress_answer(request: Request, response: Response) -> None:
    """Compress a large answer for a caller who takes gzip; a stream stays as it is, and what is compressed already."""
    content = response.response
    if not isinstance(content, list) or len(content) != 1 or "Content-Encoding" in response.headers:
        return
    body = response.get_data()
    sent, headers = compressed_for(request.headers.get(ACCEPT_ENCODING, ""), body)
    response.headers.update(headers)
    if sent is not body:
        response.set_data(sent)
