"""Requests of pages: those of other origins that may call the service (CORS), and those that may change nothing here.

A browser asks with OPTIONS before it sends what a form could not send. Everything that changes something is compared
with the service's own site where no key tells who asks; predictions change nothing.
"""

from collections.abc import Collection
from http import HTTPStatus

from flask import Request, Response

from service.auth.own_site import OwnSite
from service.errors import UnsupportedBody
from service.http.content_negotiation import mimetype_of
from service.http.responses import Answer
from service.openapi.operation import Operation

__all__ = ["CrossOrigin", "refuse_foreign"]

METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
HEADERS = (
    "Accept, Authorization, Content-Encoding, Content-Type, Idempotency-Key, Inference-Header-Content-Length, "
    "Last-Event-ID, X-API-Key, X-Request-Id, traceparent, tracestate"
)
EXPOSED = "Inference-Header-Content-Length, Location, Retry-After, X-Onehot-Model-Version, X-Request-Id"
PREFLIGHT = {
    "Access-Control-Allow-Methods": METHODS, "Access-Control-Allow-Headers": HEADERS, "Access-Control-Max-Age": "600",
}  # fmt: skip
VARY = ("Vary", "Origin")

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
DOCUMENTS = frozenset({"application/json", "application/yaml"})
SIMPLE_TYPES = frozenset({"application/x-www-form-urlencoded", "multipart/form-data", "text/plain"})
"""What a form of any page can send without asking first."""
CURL_TYPE = "application/x-www-form-urlencoded"


class CrossOrigin:
    """Tells browsers which pages of other origins may call the service.

    Args:
        origins: Of those pages.
    """

    def __init__(self, origins: Collection[str]) -> None:
        self._origins = frozenset(origins)

    def headers(self, origin: str | None) -> list[tuple[str, str]]:
        """What an answer to a page of this origin has; nothing where no origin is configured."""
        if not self._origins:
            return []
        if origin is None or origin.lower() not in self._origins:
            return [VARY]
        return [VARY, ("Access-Control-Allow-Origin", origin), ("Access-Control-Expose-Headers", EXPOSED)]

    def preflight(self, request: Request) -> Response | None:
        """The answer to a browser that asks before it sends something; None for any other request, or origin."""
        asked = request.headers.get("Access-Control-Request-Method")
        origin = request.headers.get("Origin", "")
        if request.method != "OPTIONS" or asked is None or origin.lower() not in self._origins:
            return None
        return Answer(status=HTTPStatus.NO_CONTENT, headers=PREFLIGHT)


def refuse_foreign(own_site: OwnSite, request: Request, operation: Operation) -> None:
    """Refuse what a page of another site may have sent to change something.

    Args:
        own_site: By which names the service is called.
        request: That needs no key.
        operation: Of its route.

    Raises:
        ForeignHost, ForeignOrigin: As `OwnSite.require`.
        UnsupportedBody: For a type that any page's form can send, where a document is expected.
    """
    if not operation.get("changes") or request.method in SAFE_METHODS:
        return
    headers = request.headers
    own_site.require(
        host=headers.get("Host", ""), origin=headers.get("Origin"), fetch_site=headers.get("Sec-Fetch-Site", "")
    )
    _require_document_type(mimetype_of(request.content_type or ""), operation)


def _require_document_type(mimetype: str, operation: Operation) -> None:
    types = operation.get("body", {}).keys()
    if mimetype in SIMPLE_TYPES and types and types <= DOCUMENTS:
        expected = " or ".join(types)
        by_curl = f", as curl sends without -H 'Content-Type: {next(iter(types))}'" if mimetype == CURL_TYPE else ""
        raise UnsupportedBody(expected=expected, received=f"{mimetype}{by_curl}")
