"""Requests that a page of another site made a browser send: recognised where no key tells who asks.

A browser names the page's origin, and since 2020 how far that is from the address that is called; after DNS rebinding
both look like this service's own, and only `Host` tells the name by which the browser came here.
"""

import re
from collections.abc import Collection

from models.settings import Settings, is_loopback
from service.errors import ForeignHost, ForeignOrigin

__all__ = ["OwnSite"]

HOST = re.compile(r"(\[[^\]]*\]|[^:]*)(?::\d*)?")
FROM_HERE = frozenset({"", "same-origin", "none"})
"""Of the header `Sec-Fetch-Site`: absent, a page of this very origin, typed in by a person."""
ANY = "*"


class OwnSite:
    """Knows by which names this service is called, and which other origins may change something here.

    Args:
        hosts: Names beside those of loopback; `*` for any.
        origins: Other origins, such as `https://app.example.org`.
    """

    def __init__(self, hosts: Collection[str], origins: Collection[str]) -> None:
        self._hosts, self._origins = frozenset(hosts), frozenset(origins)

    @classmethod
    def from_settings(cls, settings: Settings) -> "OwnSite":
        """As the settings name them."""
        return cls(settings.allowed_hosts, settings.cors_origins)

    def require(self, *, host: str, origin: str | None, fetch_site: str) -> None:
        """Check the headers of a request that changes something.

        Args:
            host: The header `Host`.
            origin: The header `Origin`, which browsers send with everything that changes something.
            fetch_site: The header `Sec-Fetch-Site`, or empty.

        Raises:
            ForeignHost, ForeignOrigin: When it may come from a page of another site.
        """
        host = host.strip().lower()
        if not self._is_own_host(host):
            raise ForeignHost(host)
        source = None if origin is None else origin.strip().lower()
        if source in self._origins:
            return
        if source is not None and not self._is_own_origin(source, host):
            raise ForeignOrigin(source)
        if fetch_site.strip().lower() not in FROM_HERE:
            raise ForeignOrigin(source or f"a page of another one (Sec-Fetch-Site: {fetch_site})")

    def _is_own_host(self, host: str) -> bool:
        found = HOST.fullmatch(host)
        name = found[1] if found is not None else ""
        return bool(name) and (is_loopback(name.strip("[]")) or not self._hosts.isdisjoint((name, ANY)))

    def _is_own_origin(self, origin: str, host: str) -> bool:
        """The same name and port as in `Host`; or one of the names, whose proxy may write another `Host`."""
        place = origin.partition("://")[2]
        return place == host or place in self._hosts
