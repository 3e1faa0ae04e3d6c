"""The path under which a proxy publishes the service, as `X-Forwarded-Prefix` says it."""

import re

from flask import Request

__all__ = ["location_of"]

PREFIX = re.compile(r"(?:/[A-Za-z0-9._~-]+)*", re.ASCII)
"""No empty part: `//host` would lead elsewhere."""


def location_of(path: str, request: Request) -> str:
    """A path of this service as the client of a request reaches it, for the header `Location`.

    Args:
        path: From the root of the service, such as `/v1/jobs/abc`.
        request: Whose proxy may have cut something off in front.
    """
    prefix = request.headers.get("X-Forwarded-Prefix", "").partition(",")[0].strip().rstrip("/")
    return prefix + path if PREFIX.fullmatch(prefix) else path
