"""Calls as httpx sends them, its answers and errors as this package knows them; both transports use it."""

import ipaddress
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import httpx

from onehot_client.errors import InvalidInput
from onehot_client.http.calls import Body, Call, Response
from onehot_client.http.retries import Failure, Loss

__all__ = ["STREAM_SILENCE_S", "Address", "failure_of", "response_of", "too_late"]

CONNECT_S = 5.0
SILENCE_S = 60.0
"""How long nothing may move where no deadline holds."""
SHORTEST_S = 0.001
"""A socket with less than that does not wait at all."""
STREAM_SILENCE_S = 45.0
"""A stream of events says something at least every 15 s."""
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.ProxyError)
KNOWN_PATHS = 256


class Address:
    """Where a service is, and what every request to it carries.

    Args:
        url: Such as `http://127.0.0.1:8501`, also with a path in front.
        headers: Of every request.

    Raises:
        InvalidInput: When it is not an address of HTTP.
    """

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self.url = url.rstrip("/")
        self._parsed = _parsed(self.url)
        self.is_loopback = _is_loopback(self._parsed.host)
        self._headers = dict(headers)
        self._url_of = lru_cache(KNOWN_PATHS)(lambda path: httpx.URL(self.url + path))

    def options(self) -> dict[str, Any]:
        """What httpx' clients are made with: a proxy from the environment does not reach this machine's loopback."""
        return {"trust_env": not self.is_loopback, "follow_redirects": False}

    def where(self, call: Call) -> str:
        """The call in words."""
        return f"{call.method} {self.url}{call.path}"

    def request(self, call: Call, content: Any, left_s: float | None) -> httpx.Request:
        """The request that a call is.

        Args:
            call: What is asked.
            content: Its body, as the transport sends it.
            left_s: How long it may take; None: as long as something moves.
        """
        headers = {**self._headers, **call.headers}
        if isinstance(call.content, Body):
            headers["Content-Length"] = str(call.content.size)
        url = self._url_of(call.path)
        url = url.copy_merge_params(dict(call.params)) if call.params else url
        silence_s = SILENCE_S if left_s is None else max(left_s, SHORTEST_S)
        timeouts = {"connect": min(CONNECT_S, silence_s), "read": silence_s, "write": silence_s, "pool": silence_s}
        return httpx.Request(call.method, url, headers=headers, content=content, extensions={"timeout": timeouts})


def _parsed(url: str) -> httpx.URL:
    try:
        address = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise InvalidInput("url", expected="http://HOST:PORT", received=f"{url!r}: {error}") from error
    if address.scheme not in ("http", "https") or not address.host:
        raise InvalidInput("url", expected="http://HOST:PORT", received=repr(url))
    return address


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def response_of(answer: httpx.Response, where: str) -> Response:
    """An answer that has been read."""
    return Response(answer.status_code, answer.headers, answer.content, where)


def failure_of(url: str, error: Exception) -> Failure:
    """An attempt that ended in an error of httpx."""
    if isinstance(error, NOT_SENT):
        return Failure(url, _in_words(error), Loss.NOT_SENT)
    loss = Loss.TIMED_OUT if isinstance(error, httpx.TimeoutException) else Loss.SENT
    return Failure(url, _in_words(error), loss)


def too_late(url: str) -> Failure:
    """An attempt that is not made, as no time is left for it."""
    return Failure(url, "no time is left", Loss.TIMED_OUT)


def _in_words(error: Exception) -> str:
    if isinstance(error, httpx.ConnectError):
        return "connection refused" if "refused" in str(error).lower() else str(error) or "no connection"
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    return str(error) or type(error).__name__
