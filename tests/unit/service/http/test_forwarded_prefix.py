import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from service.http.forwarded_prefix import location_of


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        (None, "/v1/jobs/a"),
        ("", "/v1/jobs/a"),
        ("/", "/v1/jobs/a"),
        ("/ml", "/ml/v1/jobs/a"),
        ("/ml/", "/ml/v1/jobs/a"),
        ("/a/b-c", "/a/b-c/v1/jobs/a"),
        ("/outer, /inner", "/outer/v1/jobs/a"),
        ("//evil.example", "/v1/jobs/a"),
        ("https://evil.example", "/v1/jobs/a"),
        ("/a//b", "/v1/jobs/a"),
        ("/a?b", "/v1/jobs/a"),
        ("ml", "/v1/jobs/a"),
    ],
)
def test_a_location_begins_with_the_proxys_path(prefix, expected) -> None:
    """And never leads to another host."""
    headers = {} if prefix is None else {"X-Forwarded-Prefix": prefix}
    assert location_of("/v1/jobs/a", Request(EnvironBuilder(headers=headers).get_environ())) == expected
