"""What no client library would send, byte by byte over a socket: requests that are none, bodies that break off."""

import contextlib
import json
import socket
import struct
import threading
import urllib.error
import urllib.request
import zlib

import pytest

from tests.contract.live import live

BODY = b'{"instances": [[1,2,3,4,5,6,7,8]]}'
SIZE = f"Content-Length: {len(BODY)}"
PREDICT = "POST /v1/models/classic:predict HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
UPLOAD = "POST /v1/datasets?name=raw.csv HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
INFER = "POST /v2/models/classic/infer HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n\r\n"
KEPT = PREDICT.replace("Connection: close\r\n", "")
"""As the fast path takes it, but for what follows."""
HEALTH = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"

NO_REQUESTS = [
    (f"{PREDICT}Content-Length: 5\r\nContent-Length: 6\r\n\r\n", 400),
    (f"{PREDICT}Content-Length: +34\r\n\r\n", 400),
    (f"{PREDICT}Content-Length: -1\r\n\r\n", 400),
    (f"{PREDICT}Content-Length: 0x22\r\n\r\n", 400),
    (f"{PREDICT}Content-Length: 5, 5\r\n\r\n", 400),
    (f"{PREDICT}{SIZE}\r\n{CHUNKED}0\r\n\r\n", 400),
    (f"{PREDICT}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501),
    (f"{PREDICT}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 400),
    (f"{PREDICT}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400),
    (f"{PREDICT}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    (f"{PREDICT}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    (f"{INFER}Transfer-Encoding: deflate, chunked\r\n\r\n0\r\n\r\n", 501),
    (f"{UPLOAD}Transfer-Encoding: compress,chunked\r\n\r\n0\r\n\r\n", 501),
    (f"{PREDICT}Transfer-Encoding: gzip\r\n{CHUNKED}0\r\n\r\n", 501),
    (f"{PREDICT}Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n", 501),
    (f"{PREDICT}Transfer-Encoding: identity\r\n{CHUNKED}0\r\n\r\n", 501),
    (f"{PREDICT}Transfer-Encoding: , chunked\r\n\r\n0\r\n\r\n", 501),
    (f"{PREDICT}Transfer-Encoding: \r\n\r\n", 501),
    (f"{PREDICT}Transfer-Encoding: gzip\r\n\r\n", 400),
    (f"{PREDICT}Transfer-Encoding: identity\r\n\r\n{BODY.decode()}", 400),
    (f"{PREDICT}Transfer-Encoding: identity\r\n{SIZE}\r\n\r\n{BODY.decode()}", 400),
    (f"{PREDICT}{CHUNKED.strip()}\r\n{SIZE}\r\n\r\n0\r\n\r\n", 400),
    (f"{PREDICT}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", 400),
    (f"{PREDICT}X: a\r\n Transfer-Encoding: chunked\r\n{SIZE}\r\n\r\n{BODY.decode()}", 400),
    (f"{PREDICT}Transfer_Encoding: chunked\r\n{SIZE}\r\nContent-Length: 1\r\n\r\n", 400),
    (f"{KEPT}{SIZE}\r\nTransfer-Encoding: gzip, chunked\r\n\r\n{BODY.decode()}", 400),
    (f"{KEPT}{SIZE}\r\nTransfer-Encoding: identity\r\n\r\n{BODY.decode()}", 400),
    (f"{KEPT}{SIZE}\r\n{SIZE}\r\n\r\n{BODY.decode()}", 400),
    (f"{KEPT}{SIZE}\r\nX: a\r\n b\r\n\r\n{BODY.decode()}", 400),
    (f"{KEPT}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    (f"POST /v1/models/classic:predict HTTP/1.0\r\n{CHUNKED}0\r\n\r\n", 400),
    (f"{PREDICT}Expect: the unexpected\r\n{SIZE}\r\n\r\n", 417),
    ("POST /v1/models/classic:predict HTTP/2.0\r\nHost: x\r\n\r\n", 400),
    ("GET /healthz\r\n\r\n", 400),
    ("GET  /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ("GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    ("GET /healthz HTTP/1.1\r\nAccept: */*\r\n\r\n", 400),
    ("GET /health\x00z HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ("GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ("get /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (f"{HEALTH}A\r\n\r\n", 400),
    (f"{HEALTH}A b: c\r\n\r\n", 400),
    (f"{HEALTH} folded: c\r\n\r\n", 400),
    (f"{HEALTH}A: b\x00c\r\n\r\n", 400),
    (f"GET /{'a' * 9000} HTTP/1.1\r\nHost: x\r\n\r\n", 414),
    (HEALTH + "A: b\r\n" * 200 + "\r\n", 431),
    (f"{HEALTH}A: {'b' * 20_000}\r\n\r\n", 431),
]
BROKEN_CHUNKS = ["zz\r\n", "-5\r\nabcde\r\n", "5\r\nabcdeXX0\r\n\r\n", "5;\x00\r\nabcde\r\n", "5\nabcde\n",
                 "fffffffffffffffff\r\na", "5\r\nabcde\r\n", "5\r\nab", "", "0\r\nX: \x00\r\n\r\n"]  # fmt: skip


@pytest.fixture(scope="module")
def service(one_of_each, tmp_path_factory):
    """The real service."""
    with live(one_of_each, tmp_path_factory.mktemp("raw"), ONEHOT_LOG_FORMAT="json") as running:
        yield running


def exchange(service, request):
    """Send all of it, say that there is no more, and read to the end: status, headers, body."""
    with service.raw() as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    return int(first.split()[1]), dict(line.lower().split(": ", 1) for line in lines), body


def is_an_error_of_ours(headers, body):
    """With a sentence, an id and the headers of safety, and nothing of the inside."""
    assert headers["content-type"] == "application/json"
    assert headers["x-request-id"]
    assert headers["x-content-type-options"] == "nosniff"
    assert int(headers["content-length"]) == len(body)
    assert list(json.loads(body)) == ["error"]
    assert b"gunicorn" not in body


@pytest.mark.parametrize(("request_text", "status"), NO_REQUESTS)
def test_what_is_no_request_is_answered_like_every_other_error(service, request_text, status):
    """And the connection ends: what comes behind it is read as nothing."""
    behind = "GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n"
    found, headers, body = exchange(service, (request_text + behind).encode("latin-1"))
    assert found == status
    assert headers["connection"] == "close"
    is_an_error_of_ours(headers, body)


@pytest.mark.parametrize("coding", ["gzip, chunked", "identity, chunked", "xchunked"])
@pytest.mark.parametrize("head", [PREDICT, UPLOAD, INFER])
def test_a_coding_of_a_body_that_is_not_read_is_named(service, head, coding):
    """A body that comes compressed is not taken for a plain one."""
    status, _, body = exchange(service, f"{head}Transfer-Encoding: {coding}\r\n\r\n0\r\n\r\n".encode())
    assert status == 501
    assert f"Unsupported transfer coding: '{coding}'" in json.loads(body)["error"]


@pytest.mark.parametrize("head", [PREDICT, UPLOAD, INFER])
@pytest.mark.parametrize("chunks", BROKEN_CHUNKS)
def test_a_body_whose_chunks_are_none_is_a_400(service, head, chunks):
    """It is not read as something else, and it is not our mistake."""
    status, headers, body = exchange(service, f"{head}{CHUNKED}{chunks}".encode("latin-1"))
    assert status == 400
    is_an_error_of_ours(headers, body)
    assert json.loads(body)["error"].startswith("body: expected")


@pytest.mark.parametrize("head", [PREDICT, UPLOAD, INFER])
def test_a_body_that_is_shorter_than_announced_is_a_400(service, head):
    """Both sizes are named."""
    status, _, body = exchange(service, f"{head}Content-Length: 100\r\n\r\n{{".encode())
    assert status == 400
    assert "expected 100 bytes, as Content-Length says; received 1 bytes" in json.loads(body)["error"]


@pytest.mark.parametrize("rest", ["Content-Length: 100\r\n\r\n{", f"{CHUNKED}5\r\nab"])
@pytest.mark.parametrize("head", [PREDICT, UPLOAD])
def test_a_client_that_goes_away_is_no_mistake_of_ours(service, wait_until, head, rest):
    """With a reset in the middle of its body."""
    before = service.log.count('"event":"request"')
    connection = service.raw()
    connection.sendall((head + rest).encode())
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    wait_until(lambda: service.log.count('"event":"request"') > before, what="its line is written")
    assert '"status":500' not in service.log
    assert "Traceback" not in service.log


def test_two_requests_in_one_packet_are_two_requests(service):
    """Answered in order; the second is not part of the first one's body."""
    first = PREDICT.replace("Connection: close\r\n", "") + f"{SIZE}\r\n\r\n{BODY.decode()}"
    with service.raw() as connection:
        connection.sendall((first + f"{HEALTH}\r\n").encode())
        answers = b""
        while piece := connection.recv(65536):
            answers += piece
    assert answers.count(b"HTTP/1.1 200 OK") == 2
    assert answers.index(b"predictions") < answers.index(b'{"status":"ok"}')


def test_a_client_that_waits_for_leave_to_send_gets_it(service):
    """`Expect: 100-continue`, as curl sends it with large bodies."""
    with service.raw() as connection:
        connection.sendall(f"{PREDICT}{SIZE}\r\nExpect: 100-continue\r\n\r\n".encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 100 ")
        connection.sendall(BODY)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_both_versions_of_http_are_spoken(service, version):
    """The older one without a host."""
    host = "" if version == "1.0" else "Host: x\r\n"
    head = f"POST /v1/models/classic:predict HTTP/{version}\r\n{host}Connection: close\r\n{SIZE}\r\n\r\n"
    status, _, body = exchange(service, head.encode() + BODY)
    assert status == 200
    assert json.loads(body)["predictions"]


def test_deflate_is_read_as_well_as_gzip(service):
    """Triton's client offers both."""
    packed = zlib.compress(BODY)
    head = f"{PREDICT}Content-Encoding: deflate\r\nContent-Length: {len(packed)}\r\n\r\n"
    assert exchange(service, head.encode() + packed)[0] == 200


def test_afterwards_everything_is_as_before(service):
    """What was no request is counted, under no model's name."""
    assert exchange(service, f"{PREDICT}{SIZE}\r\n\r\n".encode() + BODY)[0] == 200
    page = service.ask("GET", "/metrics").body.decode()
    assert 'onehot_requests_total{method="other",model="",route="",status="400",version=""}' in page
    assert "Traceback" not in service.log


def test_a_refused_body_without_end_keeps_nobody_waiting(service):
    """It is read away in turns with everybody else, for a while, and then hung up on."""
    with service.raw() as flood, service.raw() as other:
        flood.sendall(f"POST /nope HTTP/1.1\r\nHost: x\r\nContent-Length: {10**12}\r\n\r\n".encode())
        sender = threading.Thread(target=send_until_hung_up, args=(flood,), daemon=True)
        sender.start()
        answered = 0
        while sender.is_alive():
            other.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert other.recv(65536).startswith(b"HTTP/1.1 200")
            answered += 1
        assert answered > 100


def send_until_hung_up(connection):
    """Send as fast as it is taken."""
    with contextlib.suppress(OSError):
        while True:
            connection.sendall(b"x" * 65536)


def test_one_request_has_one_answer(service):
    """Also when what is left of its body is broken."""
    with service.raw() as connection:
        connection.sendall(b"POST /nope HTTP/1.1\r\nHost: x\r\n" + CHUNKED.encode() + b"zz\r\n")
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    assert answer.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("value", ["TE, close", "Close"])
def test_close_counts_in_any_place(service, value):
    """The answer says so too."""
    status, headers, _ = exchange(service, f"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: {value}\r\n\r\n".encode())
    assert status == 200
    assert headers["connection"] == "close"


@pytest.mark.parametrize("path", ["/v1/models/classic:predict", "/v2/models/classic/infer", "/v1/datasets?name=x.csv"])
def test_who_closes_and_sends_too_much_still_reads_why(service, path):
    """As Python's own client, which sends all of its body before it reads, and asks for the connection's end."""
    request = urllib.request.Request(f"http://127.0.0.1:{service.port}{path}", data=b"0" * (70 * 2**20), method="POST")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=20)  # noqa: S310 -- of the service that runs here
    with refused.value as answer:
        assert answer.code == 413
        assert "at most" in json.loads(answer.read())["error"]
