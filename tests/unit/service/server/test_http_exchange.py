import pytest

from tests.unit.service.exchanges import Connection, Worker, answer

GET = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"


def application(parts, *headers):
    def answer_with(_, start_response):
        start_response("200 OK", list(headers))
        return parts

    return answer_with


def test_head_and_body_go_together() -> None:
    """One system call, one packet, one waking of the client."""
    connection = Connection()
    answer(Worker(application([b"body"], ("Content-Length", "4"))), connection, GET)
    (sent,) = connection.sent
    assert sent.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"Connection: keep-alive\r\n" in sent
    assert sent.endswith(b"\r\nContent-Length: 4\r\n\r\nbody")


def test_a_stream_goes_piece_by_piece() -> None:
    """Its length is not known before its end."""
    connection = Connection()
    answer(Worker(application([b"one", b"two"])), connection, GET)
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
    answer(Worker(application([b"body and more"], ("Content-Length", "4"))), connection, GET)
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
        answer(Worker(fail), connection, GET)
    assert connection.sent == []


def test_an_error_within_the_answer_ends_the_connection() -> None:
    """Another answer behind half of one would be read as its rest."""
    connection = Connection()

    def pieces():
        yield b"half"
        raise KeyError("x")

    worker = Worker(application(pieces()))
    with pytest.raises(StopIteration):
        answer(worker, connection, GET)
    assert connection.is_shut
    assert worker.log.said == ["Error handling request"]
