"""The service over HTTP: one call, its answer or an error that says what to do."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self

import httpx

from models.settings import Settings, is_loopback
from onehot.failures import ServiceRefused, ServiceUnreachable

__all__ = ["Service", "document_of", "model_path"]

CONNECT_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 60.0
STREAM_SILENCE_S = 45.0


def model_path(model: str, *, version: int | None = None, label: str | None = None) -> str:
    """The path of a model, or of one of its versions, by number or by label."""
    if version is not None:
        return f"/v1/models/{model}/versions/{version}"
    return f"/v1/models/{model}/labels/{label}" if label is not None else f"/v1/models/{model}"


class Service:
    """A client of one service.

    Args:
        url: Where it runs, such as `http://127.0.0.1:8501`.
        api_key: Sent with every request where given.

    Attributes:
        is_here: Whether it runs on this machine.

    Raises:
        ServiceUnreachable: When the address is not one of HTTP.
    """

    def __init__(self, url: str, *, api_key: str | None = None) -> None:
        self.url = url.rstrip("/")
        address = _parsed(self.url)
        self.is_here = is_loopback(address.host)
        self._http = httpx.Client(
            base_url=address,
            headers={"X-API-Key": api_key} if api_key else {},
            timeout=httpx.Timeout(ANSWER_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
            # A proxy from the environment does not reach this machine's loopback.
            trust_env=not self.is_here,
        )

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The service that the settings name."""
        return cls(settings.url, api_key=settings.api_key)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, *, params: Mapping[str, str] | None = None) -> Any:
        """The JSON document at a path."""
        return self.call("GET", path, params=params).json()

    def call(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Send one request, with httpx's arguments for its content.

        Raises:
            ServiceUnreachable: When nothing answers.
            ServiceRefused: When the answer is an error.
        """
        try:
            answer = self._http.request(method, path, **request)
        except httpx.HTTPError as error:
            raise ServiceUnreachable(self.url, _in_words(error)) from error
        _refuse_errors(answer)
        return answer

    @contextmanager
    def stream(self, path: str, *, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        """Open a path, to be read as it comes; a long silence counts as a lost connection.

        Raises:
            ServiceUnreachable: When nothing answers, or the connection is lost.
            ServiceRefused: When the answer is an error.
        """
        timeout = httpx.Timeout(STREAM_SILENCE_S, connect=CONNECT_TIMEOUT_S)
        try:
            with self._http.stream("GET", path, headers=dict(headers), timeout=timeout) as answer:
                if not answer.is_success:
                    answer.read()
                _refuse_errors(answer)
                yield answer
        except httpx.HTTPError as error:
            raise ServiceUnreachable(self.url, _in_words(error)) from error


def _parsed(url: str) -> httpx.URL:
    try:
        address = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ServiceUnreachable(url, str(error)) from error
    if address.scheme not in ("http", "https") or not address.host:
        raise ServiceUnreachable(url, "expected http://HOST:PORT")
    return address


def _in_words(error: Exception) -> str:
    if isinstance(error, httpx.ConnectError):
        return "connection refused" if "refused" in str(error).lower() else str(error) or "no connection"
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    return str(error) or type(error).__name__


def _refuse_errors(answer: httpx.Response) -> None:
    if answer.is_success:
        return
    document = document_of(answer)
    reason = str(document.get("error") or f"the service answered HTTP {answer.status_code} {answer.reason_phrase}")
    details = document.get("details")
    pairs = [(str(one.get("path")), str(one.get("message"))) for one in details or () if isinstance(one, dict)]
    request_id = answer.headers.get("X-Request-Id")
    if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR and request_id and request_id not in reason:
        reason = f"{reason} (request {request_id})"
    # Of our own 503, those without Retry-After stay until a person changes something.
    may_retry = answer.status_code != httpx.codes.SERVICE_UNAVAILABLE or "Retry-After" in answer.headers
    raise ServiceRefused(status=answer.status_code, reason=reason, details=pairs, may_retry=may_retry)


def document_of(answer: httpx.Response) -> dict[str, Any]:
    """The JSON object of an answer; empty when it has none."""
    try:
        document = answer.json()
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
