import gzip
import io
import tracemalloc
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import InputError
from service.errors import BodyTooLarge
from service.http.content_encoding import compressed, decoded, read_chunks

LIMIT_BYTES = 100_000


def read(body, encoding=None, limit_bytes=LIMIT_BYTES):
    return decoded(read_chunks(io.BytesIO(body).read), limit_bytes=limit_bytes, encoding=encoding)


@given(st.binary(max_size=2_000), st.integers(1, 500))
def test_a_body_goes_through_unchanged_in_whatever_pieces_it_comes(body, size):
    """Plain and gzip."""
    packed = compressed(body)
    pieces = [packed[start : start + size] for start in range(0, len(packed), size)]
    assert decoded(pieces, limit_bytes=LIMIT_BYTES, encoding="gzip") == body
    assert decoded([body[:size], body[size:]], limit_bytes=LIMIT_BYTES) == body


@pytest.mark.parametrize("encoding", [None, "", "identity", " Identity "])
def test_without_an_encoding_the_body_is_itself(encoding):
    """`identity` says the same."""
    assert read(b"abc", encoding) == b"abc"


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip", "deflate"])
def test_a_large_body_is_decompressed(encoding):
    """More than one piece."""
    body = bytes(range(256)) * 300
    assert read(zlib.compress(body) if encoding == "deflate" else gzip.compress(body), encoding) == body


def test_a_body_as_large_as_the_limit_is_taken_and_one_byte_more_is_not():
    """Plain and decompressed alike."""
    body = b"a" * LIMIT_BYTES
    assert read(body) == body
    assert read(compressed(body), "gzip") == body
    with pytest.raises(BodyTooLarge):
        read(body + b"a")
    with pytest.raises(BodyTooLarge):
        read(compressed(body + b"a"), "gzip")


def test_a_bomb_is_refused_with_flat_memory():
    """200 MB in 200 kB do not go off."""
    bomb = gzip.compress(b"\0" * 200_000_000, compresslevel=9)
    tracemalloc.start()
    try:
        with pytest.raises(BodyTooLarge) as refusal:
            read(bomb, "gzip", limit_bytes=1_000_000)
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert refusal.value.limit_bytes == 1_000_000
    assert peak_bytes < 4_000_000


def test_a_body_without_end_is_left_after_the_limit():
    """A chunked body is not read on."""
    taken = 0

    def endless(size):
        nonlocal taken
        taken += size
        return b"a" * size

    with pytest.raises(BodyTooLarge):
        decoded(read_chunks(endless), limit_bytes=LIMIT_BYTES)
    assert taken < 3 * LIMIT_BYTES


PACKED = gzip.compress(b"abc" * 100, mtime=0)


@pytest.mark.parametrize(
    ("body", "received"),
    [
        (b"", "an end in the middle"),
        (b"abc", "incorrect header"),
        (zlib.compress(b"abc"), "incorrect header"),
        (PACKED[:-1], "an end in the middle"),
        (PACKED[:5], "an end in the middle"),
        (PACKED + b"\0", "more bytes after it"),
        (PACKED + PACKED, "more bytes after it"),
        (PACKED[:-8] + b"\0" * 8, "incorrect data check"),
    ],
)
def test_what_is_no_gzip_stream_is_refused(body, received):
    """One whole stream and nothing behind it."""
    with pytest.raises(InputError, match=rf"body: expected one compressed stream, .*; received .*{received}"):
        read(body, "gzip")


@pytest.mark.parametrize("encoding", ["br", "compress", "gzip, gzip", "zstd"])
def test_another_encoding_is_refused(encoding):
    """With what is taken."""
    with pytest.raises(InputError, match="Content-Encoding: expected gzip, deflate or identity"):
        read(b"abc", encoding)


@given(st.integers(0, 40), st.binary(min_size=1, max_size=4))
def test_a_damaged_stream_gives_bytes_or_an_input_error(position, damage):
    """Nothing else ever comes out."""
    with suppress(InputError):
        read(PACKED[:position] + damage + PACKED[position + len(damage) :], "gzip")
