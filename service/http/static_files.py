"""Files that browsers fetch: named one by one, so that no path of a caller's ever reaches a folder."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from flask import Response, request
from werkzeug.exceptions import NotFound

from service.http.responses import Answer

__all__ = ["PAGE_POLICY", "StaticFiles"]

TYPES: Mapping[str, str] = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
}
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "font-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy of a page: everything from here, no script inside the page, nothing from elsewhere."""


@dataclass(frozen=True, slots=True)
class StaticFiles:
    """Some files of an installed package."""

    package: str
    folder: str
    names: frozenset[str]

    def answer(self, name: str, headers: Mapping[str, str] | None = None) -> Response:
        """One file; a browser that has it already is told so.

        Raises:
            NotFound: For any name that is not in the table.
        """
        if name not in self.names:
            raise NotFound
        content, digest = _content(self.package, self.folder, name)
        answer = Answer(content, headers=dict(headers or {}), content_type=TYPES[name.rpartition(".")[2]])
        answer.headers["Cache-Control"] = "no-cache"
        answer.set_etag(digest)
        answer.make_conditional(request)
        return answer


@cache
def _content(package: str, folder: str, name: str) -> tuple[bytes, str]:
    content = (files(package) / folder / name).read_bytes()
    return content, hashlib.sha256(content).hexdigest()[:32]
