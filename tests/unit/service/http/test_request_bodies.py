from io import BytesIO

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from models.errors import InputError
from service.errors import BodyTooLarge
from service.http.request_bodies import parse_json, parse_object, read_body


def request_of(body: bytes, *, chunked: bool = False, announced: int | None = None) -> Request:
    environ = EnvironBuilder(method="POST", input_stream=BytesIO(body)).get_environ()
    environ["wsgi.input_terminated"] = True  # as gunicorn does it
    if chunked:
        environ["HTTP_TRANSFER_ENCODING"] = "chunked"
        environ.pop("CONTENT_LENGTH", None)
    else:
        environ["CONTENT_LENGTH"] = str(len(body) if announced is None else announced)
    return Request(environ)


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("size", [0, 1, 99_999, 100_000])
def test_a_body_within_the_limit_is_read_whole(size, chunked) -> None:
    """Up to the last byte that is allowed."""
    body = bytes(size)
    assert read_body(request_of(body, chunked=chunked), limit_bytes=100_000) == body


@pytest.mark.parametrize("chunked", [False, True])
def test_one_byte_more_is_too_much(chunked) -> None:
    """A chunked body is not cut off silently."""
    with pytest.raises(BodyTooLarge):
        read_body(request_of(bytes(100_001), chunked=chunked), limit_bytes=100_000)


def test_a_body_that_stops_early_is_refused() -> None:
    """It is not what the client wanted to send."""
    with pytest.raises(InputError, match=r"expected 10 bytes.*received 3 bytes"):
        read_body(request_of(b"123", announced=10), limit_bytes=100)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "body: expected a JSON document; received nothing"),
        (b"  ", "received nothing"),
        (b'{"a": NaN}', r"a: expected finite numbers; received NaN, which is not JSON \(body, line 1, column 7\)"),
        ('{"é": "ü",\n "b": -Infinity}'.encode(), "b: expected finite numbers; received -Infinity, .*line 2"),
        (b"[Infinity]", "received Infinity"),
        (b"[nan]", "received nan"),
        (b"[1e999]", "infinity"),
        (b"[1, 2,]", "line 1, column 6: expected JSON; received trailing comma"),
        (b'{"a": ', "unexpected end of data"),
        (b"\xff\xfe", "UTF-8"),
        (b"[" * 2000, "depth limit"),
        (b'{"nano": tru}', "invalid literal"),
    ],
)
def test_malformed_json_is_refused_with_its_place(body, said) -> None:
    """Line, column, what was expected, what came."""
    with pytest.raises(InputError, match=said):
        parse_json(body)


@pytest.mark.parametrize("body", [b"[]", b"1", b'"text"', b"null"])
def test_a_document_that_is_no_object_is_refused(body) -> None:
    """Requests are objects."""
    with pytest.raises(InputError, match="expected a JSON object"):
        parse_object(body)
