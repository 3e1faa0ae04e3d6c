import httpx
import pytest

from onehot.client import Service, model_path
from onehot.failures import ServiceRefused, ServiceUnreachable


@pytest.mark.parametrize(
    ("chosen", "path"),
    [
        ({}, "/v1/models/digits"),
        ({"version": 3}, "/v1/models/digits/versions/3"),
        ({"label": "canary"}, "/v1/models/digits/labels/canary"),
    ],
)
def test_a_version_is_addressed_as_in_tensorflow_serving(chosen, path):
    """By number, by label, or not at all."""
    assert model_path("digits", **chosen) == path


def test_the_key_goes_with_every_request(stand_in):
    """As the header that the service reads."""
    stand_in.on("GET", "/v1/models", (200, {}))
    with Service(stand_in.url, api_key="secret") as service:
        service.get("/v1/models")
    headers = {name.lower(): value for name, value in stand_in.received[0][2].items()}
    assert headers["x-api-key"] == "secret"


def test_a_refusal_carries_its_sentence_and_its_details(stand_in):
    """What the service says is what the user reads."""
    details = [{"path": "fit.epochs", "message": "expected a whole number"}]
    stand_in.on("POST", "/v1/jobs", (400, {"error": "the spec has a problem", "details": details}))
    with Service(stand_in.url) as service, pytest.raises(ServiceRefused) as caught:
        service.call("POST", "/v1/jobs", json={})
    assert caught.value.message == "the spec has a problem\n  fit.epochs: expected a whole number"


def test_an_error_of_the_service_is_told_with_its_request_id(stand_in):
    """The id finds the line in the log."""
    stand_in.on("GET", "/v1/models", (500, b"<html>", {"X-Request-Id": "abc"}))
    with Service(stand_in.url) as service, pytest.raises(ServiceRefused, match=r"HTTP 500 .*request abc"):
        service.get("/v1/models")


def test_nobody_there_is_told_with_the_address_and_what_to_do():
    """The first thing that goes wrong for a new user."""
    with Service("http://127.0.0.1:1") as service, pytest.raises(ServiceUnreachable) as caught:
        service.get("/healthz")
    assert "http://127.0.0.1:1 (connection refused): start it with `onehot up`" in caught.value.message


@pytest.mark.parametrize("url", ["nonsense", "http://", "ftp://127.0.0.1", "http://[::1"])
def test_an_address_that_is_none_is_told(url):
    """A typing mistake in ONEHOT_URL is no traceback."""
    with pytest.raises(ServiceUnreachable), Service(url) as service:
        service.get("/healthz")


def test_loopback_is_reached_without_the_proxy_of_the_environment(stand_in, monkeypatch):
    """A company's proxy does not know this machine's loopback."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    stand_in.on("GET", "/healthz", (200, {"status": "live"}))
    with Service(stand_in.url) as service:
        assert service.get("/healthz") == {"status": "live"}


@pytest.mark.parametrize(("method", "is_seen"), [("GET", False), ("DELETE", True)])
def test_a_worker_that_is_replaced_is_seen_only_where_twice_may_do_harm(method, is_seen):
    """What only reads is asked again."""
    answers = [httpx.ReadError("reset"), httpx.Response(200, json={"models": []})]

    def answer(_: httpx.Request) -> httpx.Response:
        outcome = answers.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    with Service("http://127.0.0.1:8501") as service:
        service._transport._http = httpx.Client(transport=httpx.MockTransport(answer))
        if is_seen:
            with pytest.raises(ServiceUnreachable, match="reset"):
                service.call(method, "/v1/models")
        else:
            assert service.call(method, "/v1/models").json() == {"models": []}
