import pytest
from gunicorn.config import Config
from gunicorn.http.parser import RequestParser

from service.server.body_reader import KnownBody

BODY = b"one\ntwo\n" + bytes(range(256)) * 40


def bodies(*pieces: bytes):
    """The body of a request by gunicorn, and as an application of ours reads it."""
    head = f"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: {len(BODY)}\r\n\r\n".encode()
    parser = RequestParser(Config(), [head, *pieces], ("127.0.0.1", 1))
    request = next(parser)
    return parser, KnownBody(request)


def in_pieces(content: bytes, size: int) -> list[bytes]:
    return [content[start : start + size] for start in range(0, len(content), size)]


@pytest.mark.parametrize("piece", [1, 1000, 100_000])
@pytest.mark.parametrize("size", [None, -1, 1, 500, 10**9])
def test_a_body_is_read_to_its_end_and_no_further(piece, size) -> None:
    """However it comes, and however it is asked for; the next request is left where it is."""
    following = b"GET /next HTTP/1.1\r\nHost: here\r\n\r\n"
    parser, body = bodies(*in_pieces(BODY + following, piece))
    received = []
    while part := body.read(size):
        received.append(part)
    assert b"".join(received) == BODY
    assert next(parser).path == "/next"


@pytest.mark.parametrize("piece", [1, 5, 100_000])
def test_lines_end_where_they_end(piece) -> None:
    """Or where no more was asked for."""
    _, body = bodies(*in_pieces(BODY, piece))
    assert [body.readline(), body.readline(2), body.readline(2)] == [b"one\n", b"tw", b"o\n"]
    assert body.read() == BODY[8:]


def test_a_body_that_breaks_off_is_short() -> None:
    """Whoever knows its length can tell."""
    _, body = bodies(BODY[:100])
    assert body.read() == BODY[:100]
    assert body.read() == b""


def test_a_connection_whose_body_failed_is_not_used_again() -> None:
    """Nobody knows where the next request begins."""

    def pieces():
        yield f"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: {len(BODY)}\r\n\r\n".encode()
        raise ConnectionResetError

    request = next(RequestParser(Config(), pieces(), ("127.0.0.1", 1)))
    with pytest.raises(ConnectionResetError):
        KnownBody(request).read()
    assert request.body.failed
