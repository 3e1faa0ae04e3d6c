"""Uploads that take longer than a prediction may: gunicorn, a slow client, scaled settings."""

import json
import time

import pytest

from tests.contract.live import live
from tests.timing import not_waiting_for

TIMEOUT_S = 1.0
PIECES = 12
DRIP_S = 60
"""How long a client lets single bytes drip, unless it is stopped."""
HEAD = "POST /v1/datasets?name=slow.csv HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: text/csv\r\n"
LINE = b"1.0,2.0,3.0,4.0,5.0,6.0,7.0,8.0,0\n"
LINES = 40
CONTENT = b"a,b,c,d,e,f,g,h,y\n" + LINE * LINES


@pytest.fixture(scope="module")
def service(one_of_each, tmp_path_factory):
    """A service whose predictions have a second."""
    with live(one_of_each, tmp_path_factory.mktemp("slow"), ONEHOT_REQUEST_TIMEOUT_S=str(TIMEOUT_S)) as running:
        yield running


def received(connection):
    answer = b""
    with connection:
        while piece := connection.recv(65536):
            answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


@pytest.mark.parametrize("way", ["announced", "chunked"])
def test_an_upload_that_goes_on_is_not_ended(service, way):
    """However long it takes in all: more than twice what a prediction has."""
    connection = service.raw()
    size = f"Content-Length: {len(CONTENT)}" if way == "announced" else "Transfer-Encoding: chunked"
    connection.sendall(f"{HEAD}{size}\r\n\r\n".encode())
    began_s, step = time.monotonic(), len(CONTENT) // PIECES + 1
    for start in range(0, len(CONTENT), step):
        piece = CONTENT[start : start + step]
        connection.sendall(piece if way == "announced" else b"%x\r\n%s\r\n" % (len(piece), piece))
        time.sleep(TIMEOUT_S / 5)  # the client is slow
    if way == "chunked":
        connection.sendall(b"0\r\n\r\n")
    status, document = received(connection)
    assert time.monotonic() - began_s > 2 * TIMEOUT_S
    assert (status, document["rows"]) == (201, LINES), document


@pytest.mark.parametrize("sent", [0, 100, 1000])
def test_an_upload_that_stalls_is_a_504(service, sent):
    """And nothing of it is kept."""
    connection = service.raw()
    connection.sendall(f"{HEAD}Content-Length: {len(CONTENT)}\r\n\r\n".encode() + CONTENT[:sent])
    status, document = received(connection)
    assert status == 504
    assert "ONEHOT_REQUEST_TIMEOUT_S" in document["error"]
    assert service.ask("GET", "/v1/datasets/stalled.csv").status == 404


def test_a_drip_is_no_progress(service):
    """A byte now and then holds no place for ever."""
    connection = service.raw()
    connection.sendall(f"{HEAD}Content-Length: {len(CONTENT)}\r\n\r\n".encode())
    connection.settimeout(TIMEOUT_S / 5)
    end_s = time.monotonic() + DRIP_S
    with not_waiting_for("the end of the drip", lasts_s=DRIP_S), connection:
        while time.monotonic() < end_s:
            try:
                connection.sendall(b"1")
                if connection.recv(1):
                    break
            except TimeoutError:
                continue


def test_a_prediction_has_its_time_and_no_more(service):
    """Its body may not take as long as an upload's."""
    connection, body = service.raw(), b'{"instances": [[1,2,3,4,5,6,7,8]]}'
    head = f"POST /v1/models/classic:predict HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}"
    connection.sendall(f"{head}\r\n\r\n".encode())
    for byte in body:
        try:
            connection.sendall(bytes([byte]))
        except OSError:
            break
        time.sleep(TIMEOUT_S / 10)
    assert received(connection)[0] == 504
