import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from service.errors import UnsupportedBody
from service.http.content_negotiation import (
    JSON,
    JSON_TYPES,
    batch_type_of,
    preferred_type,
    require_content_type,
    takes_gzip,
)

NPY = "application/x-npy"


@pytest.mark.parametrize("content_type", ["", JSON, "Application/JSON;charset=latin-1", "text/plain; a=b"])
def test_documents_are_no_batch(content_type) -> None:
    """What clients send of themselves is JSON too."""
    assert batch_type_of(content_type) is None


@pytest.mark.parametrize("content_type", [NPY, "text/CSV; header=present", "image/png"])
def test_a_batch_keeps_its_parameters(content_type) -> None:
    """A table says there whether it has a header."""
    assert batch_type_of(content_type) == content_type


@pytest.mark.parametrize("content_type", ["application/xml", "text/json5", "multipart/form-data; boundary=a"])
def test_another_type_is_refused(content_type) -> None:
    """With what would be read, and without its parameters."""
    with pytest.raises(UnsupportedBody, match=r"expected application/json or one of .*; received [a-z0-9/-]+$"):
        batch_type_of(content_type)


def test_a_type_is_returned_without_its_parameters() -> None:
    """An endpoint that reads several may ask which."""
    assert require_content_type("Text/JSON; charset=utf-8", JSON_TYPES, expected=JSON) == "text/json"
    assert require_content_type(None, JSON_TYPES, expected=JSON) == ""


@pytest.mark.parametrize(
    ("accept", "expected"),
    [("", JSON), ("*/*", JSON), (NPY, NPY), (f"{JSON}, {NPY}", JSON), (f"{JSON};q=0.5, {NPY}", NPY),
     (f"{NPY};q=0", None), ("text/html", None)],
)  # fmt: skip
def test_the_type_that_is_preferred(accept, expected) -> None:
    """The first of those that are offered where the caller has no opinion."""
    assert preferred_type(accept, (JSON, NPY)) == expected


@pytest.mark.parametrize("accepted", ["", "gzip", "gzip;q=0", "br, gzip;q=0.1", "*", "identity", "br"])
def test_gzip_is_taken_as_werkzeug_says(accepted) -> None:
    """A header that allows everything allows gzip."""
    request = Request(EnvironBuilder(headers={"Accept-Encoding": accepted}).get_environ())
    assert takes_gzip(accepted) == bool(request.accept_encodings["gzip"])
