import socket

import gevent
import pytest
from gunicorn.config import Config
from gunicorn.http.parser import RequestParser

from service.fast_path.request_reader import PlainReader, PlainRequest
from service.server import body_reader
from service.server.body_reader import READS_AT_ONCE, KnownBody, Turns, discard_plain

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
    """A reader that knows its length can tell."""
    _, body = bodies(BODY[:100])
    assert body.read() == BODY[:100]
    assert body.read() == b""


def test_a_connection_whose_body_failed_is_not_used_again() -> None:
    """Where the next request begins is unknown."""

    def pieces():
        yield f"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: {len(BODY)}\r\n\r\n".encode()
        raise ConnectionResetError

    request = next(RequestParser(Config(), pieces(), ("127.0.0.1", 1)))
    with pytest.raises(ConnectionResetError):
        KnownBody(request).read()
    assert request.body.failed


def plain_request(*pieces: bytes):
    """A plain prediction of which these pieces come."""
    head = b"POST /v1/models/m:predict HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\n"
    reader = PlainReader(RequestParser(Config(), [head, *pieces], ("127.0.0.1", 1)), most_bytes=100)
    request = reader.next()
    assert isinstance(request, PlainRequest)
    return reader, request


def test_the_body_of_a_refused_request_is_read_away() -> None:
    """Behind it comes the next."""
    reader, request = plain_request(b"01234", b"56789GET /next HTTP/1.1\r\nHost: here\r\n\r\n")
    discard_plain(request)
    request.leave_rest()
    assert reader.next().path == "/next"


def test_a_refused_body_that_does_not_end_ends_the_connection() -> None:
    """The next request would begin in it."""
    _, request = plain_request(b"01234")
    with pytest.raises(StopIteration):
        discard_plain(request)


def test_a_refused_body_may_not_go_on_for_ever(monkeypatch) -> None:
    """A client that sends nothing more is not waited for."""
    monkeypatch.setattr(body_reader, "DISCARD_S", 0.01)

    def nothing_more():
        gevent.sleep(10)
        yield b""

    _, request = plain_request()
    request._parser.unreader.iter = nothing_more()
    with pytest.raises(StopIteration):
        discard_plain(request)


def test_a_connection_that_has_more_lets_others_go_first() -> None:
    """Before each request, and within a long body after a few reads."""
    ours, theirs = socket.socketpair()
    others = []
    with ours, theirs:
        theirs.sendall(b"0123456789")
        unreader = RequestParser(Config(), gevent.socket.socket(fileno=ours.detach()), ("127.0.0.1", 1)).unreader
        unreader.mxchunk = 1
        turns = Turns(unreader)
        for has_come in (True, False):
            gevent.spawn(others.append, has_come)
            turns.begin(has_come)
            assert others.pop() is has_come
        read = []
        for _ in range(READS_AT_ONCE + 1):
            gevent.spawn(others.append, len(read))
            read.append(unreader.chunk())
        assert b"".join(read) == b"01234"
        assert others == list(range(READS_AT_ONCE + 1))
        unreader.sock.close()


def test_a_few_reads_give_nobody_else_a_turn() -> None:
    """A small body is there at once."""
    ours, theirs = socket.socketpair()
    others = []
    with ours, theirs:
        theirs.sendall(b"0123456789")
        unreader = RequestParser(Config(), gevent.socket.socket(fileno=ours.detach()), ("127.0.0.1", 1)).unreader
        unreader.mxchunk = 1
        Turns(unreader).begin(has_come=True)
        gevent.spawn(others.append, 1)
        assert [unreader.chunk() for _ in range(READS_AT_ONCE)] == [b"0", b"1", b"2", b"3"]
        assert others == []
        unreader.sock.close()
