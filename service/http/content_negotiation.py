"""The headers Content-Type, Accept and Accept-Encoding: what a body is, and what its answer may be."""

from collections.abc import Sequence
from functools import lru_cache

from werkzeug.datastructures import Accept, MIMEAccept
from werkzeug.http import parse_accept_header, parse_options_header

from service.decoding.media_types import BATCH_TYPES
from service.errors import UnsupportedBody

__all__ = [
    "JSON", "JSON_TYPES", "batch_type_of", "mimetype_of", "preferred_type", "require_content_type",
    "takes_gzip",
]  # fmt: skip

JSON = "application/json"
# What `curl -d` sends is JSON too: TensorFlow Serving's own examples do it, and its server does not look.
JSON_TYPES = frozenset({"", JSON, "application/x-www-form-urlencoded", "text/json", "text/plain"})
EXPECTED_TYPES = f"{JSON} or one of {', '.join(BATCH_TYPES)}"
KEPT = 64
"""Clients send the same headers again and again."""


def require_content_type(content_type: str | None, accepted: frozenset[str], *, expected: str) -> str:
    """The content type of a request, without its parameters.

    Raises:
        UnsupportedBody: When it is none of the accepted.
    """
    mimetype = mimetype_of(content_type or "")
    if mimetype not in accepted:
        raise UnsupportedBody(expected=expected, received=mimetype)
    return mimetype


@lru_cache(KEPT)
def batch_type_of(content_type: str) -> str | None:
    """The content type of a request whose whole body is the batch; None for JSON.

    Raises:
        UnsupportedBody: When it is neither.
    """
    if mimetype_of(content_type) in BATCH_TYPES:
        return content_type
    require_content_type(content_type, JSON_TYPES, expected=EXPECTED_TYPES)
    return None


@lru_cache(KEPT)
def preferred_type(accept: str, offered: Sequence[str]) -> str | None:
    """The type that the header Accept prefers among those offered, best first; None when it takes none of them."""
    return parse_accept_header(accept, MIMEAccept).best_match(offered) if accept else offered[0]


@lru_cache(KEPT)
def takes_gzip(accept_encoding: str) -> bool:
    """Whether the header Accept-Encoding allows gzip."""
    return bool(parse_accept_header(accept_encoding, Accept)["gzip"])


def mimetype_of(content_type: str) -> str:
    """A content type without its parameters."""
    return parse_options_header(content_type)[0].lower()
