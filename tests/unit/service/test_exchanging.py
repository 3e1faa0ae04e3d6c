import pytest
from gunicorn.config import Config
from gunicorn.http.parser import RequestParser

from service.exchanging import exchange

GET = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"


class Connection:
    """Keeps each piece that is sent as it is sent."""

    def __init__(self):
        self.sent = []
        self.is_shut = False

    def sendall(self, data):
        """As a socket's."""
        self.sent.append(bytes(data))

    def shutdown(self, _):
        """As a socket's."""
        self.is_shut = True

    def close(self):
        """As a socket's."""


class Log:
    """Nothing is logged but what goes wrong half-way."""

    def __init__(self):
        self.said = []

    def exception(self, text):
        """As gunicorn's."""
        self.said.append(text)


class Worker:
    """As much of gunicorn's as an exchange needs."""

    def __init__(self, application, *, alive=True):
        self.cfg = Config()
        self.wsgi = application
        self.alive = alive
        self.log = Log()


def answer(worker, connection, request=GET):
    parsed = next(RequestParser(worker.cfg, [request], ("127.0.0.1", 1)))
    exchange(worker, ("127.0.0.1", 8501), parsed, connection, ("127.0.0.1", 1))


def application(parts, *headers):
    def answer_with(_, start_response):
        start_response("200 OK", list(headers))
        return parts

    return answer_with


def test_head_and_body_go_together() -> None:
    """One system call, one packet, one waking of the client."""
    connection = Connection()
    answer(Worker(application([b"body"], ("Content-Length", "4"))), connection)
    (sent,) = connection.sent
    assert sent.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"Connection: keep-alive\r\n" in sent
    assert sent.endswith(b"\r\nContent-Length: 4\r\n\r\nbody")


def test_a_stream_goes_piece_by_piece() -> None:
    """Its length is not known before its end."""
    connection = Connection()
    answer(Worker(application([b"one", b"two"])), connection)
    assert b"".join(connection.sent).endswith(b"\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")


def test_no_body_is_sent_where_none_may_be() -> None:
    """The answer to HEAD says how long it would be."""
    connection = Connection()
    head = GET.replace(b"GET", b"HEAD")
    answer(Worker(application([b"body"], ("Content-Length", "4"))), connection, head)
    assert b"".join(connection.sent).endswith(b"Content-Length: 4\r\n\r\n")


def test_a_longer_body_than_was_said_is_cut() -> None:
    """What is beyond would be read as the next answer."""
    connection = Connection()
    answer(Worker(application([b"body and more"], ("Content-Length", "4"))), connection)
    assert b"".join(connection.sent).endswith(b"\r\n\r\nbody")


@pytest.mark.parametrize(("alive", "asked"), [(False, b""), (True, b"Connection: close\r\n")])
def test_a_connection_is_closed_when_either_side_wants_it(alive, asked) -> None:
    """A worker that ends, and a client that says so."""
    connection = Connection()
    request = GET.replace(b"\r\n\r\n", b"\r\n" + asked + b"\r\n")
    with pytest.raises(StopIteration):
        answer(Worker(application([b"ok"], ("Content-Length", "2")), alive=alive), connection, request)
    assert b"Connection: close\r\n" in connection.sent[0]


def test_an_error_before_the_answer_is_gunicorns_to_tell() -> None:
    """Nothing was sent yet."""
    connection = Connection()

    def fail(*_):
        raise KeyError("x")

    with pytest.raises(KeyError):
        answer(Worker(fail), connection)
    assert connection.sent == []


def test_an_error_within_the_answer_ends_the_connection() -> None:
    """Another answer behind half of one would be read as its rest."""
    connection = Connection()

    def pieces():
        yield b"half"
        raise KeyError("x")

    worker = Worker(application(pieces()))
    with pytest.raises(StopIteration):
        answer(worker, connection)
    assert connection.is_shut
    assert worker.log.said == ["Error handling request"]
