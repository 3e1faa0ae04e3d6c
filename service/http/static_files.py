"""Files that browsers fetch: named one by one, so that no path of a caller's ever reaches a folder."""

import gzip
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from flask import Response, request
from werkzeug.exceptions import NotFound

from service.http.content_negotiation import takes_gzip
from service.http.responses import Answer
from service.module_bundle import LIBRARIES, ModuleBundle

__all__ = ["PAGE_POLICY", "StaticFiles"]

TYPES: Mapping[str, str] = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "txt": "text/plain; charset=utf-8",
}
TEXTS = frozenset(TYPES) - {"png"}
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
    bundle: ModuleBundle | None = None

    @classmethod
    def of_folder(
        cls, package: str, folder: str, *, without: frozenset[str] = frozenset(), entry: str | None = None
    ) -> "StaticFiles":
        """The files of a folder and of the folders in it, as they are when the program starts.

        Args:
            package: An installed package.
            folder: In the package.
            without: Files that are left out, by their path in the folder.
            entry: A module that comes in one file with all that it imports.
        """
        names = frozenset(_names(files(package) / folder)) - without
        bundle = entry and ModuleBundle(entry, lambda name: _read(package, folder, name).decode())
        return cls(package, folder, names, bundle or None)

    def answer(self, name: str, headers: Mapping[str, str] | None = None) -> Response:
        """One file; a browser that has it already is told so.

        Raises:
            NotFound: For any name that is not in the table.
        """
        if name not in self.names:
            raise NotFound
        kind = name.rpartition(".")[2]
        is_compressed = kind in TEXTS and takes_gzip(request.headers.get("Accept-Encoding", ""))
        content, digest = _content(self, name, is_compressed=is_compressed)
        answer = Answer(content, headers=dict(headers or {}), content_type=TYPES[kind])
        answer.headers["Cache-Control"] = "no-cache"
        if kind in TEXTS:
            answer.vary.add("Accept-Encoding")
        if is_compressed:
            answer.content_encoding = "gzip"
        answer.set_etag(digest)
        answer.make_conditional(request)
        return answer


def _names(folder: Traversable, before: str = "") -> Iterator[str]:
    """The files that browsers may ask for, each by its path in the folder."""
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _names(entry, f"{before}{entry.name}/")
        elif entry.name.rpartition(".")[2] in TYPES:
            yield before + entry.name


@cache
def _content(of: StaticFiles, name: str, *, is_compressed: bool) -> tuple[bytes, str]:
    """A file, and a name for this content: another one for what is compressed, as caches keep bytes."""
    is_module = of.bundle is not None and name.endswith(".js") and not name.startswith(LIBRARIES)
    content = of.bundle.text(name).encode() if of.bundle and is_module else _read(of.package, of.folder, name)
    digest = hashlib.sha256(content).hexdigest()[:32]
    if is_compressed:
        return gzip.compress(content, mtime=0), f"{digest}-gzip"
    return content, digest


def _read(package: str, folder: str, name: str) -> bytes:
    return files(package).joinpath(folder, *name.split("/")).read_bytes()
