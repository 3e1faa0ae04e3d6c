"""API keys of requests, verified against a file that may change while the service runs."""

import hmac
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from models.api_keys import ApiKey, ApiKeyFile, ApiKeysError, fingerprint
from service.errors import KeyMissing, KeyRefused, ScopeMissing

__all__ = ["KeyVerifier", "presented_key"]

CHECK_EVERY_S = 1.0
MAX_KEY_LENGTH = 256

Signature = tuple[int, int, int, int]

log = structlog.get_logger("service")


def presented_key(*, authorization: str | None, api_key: str | None) -> str | None:
    """The key of a request, from `X-API-Key` or else `Authorization: Bearer`."""
    if api_key:
        return api_key.strip()
    scheme, _, credentials = (authorization or "").strip().partition(" ")
    return credentials.strip() or None if scheme.lower() == "bearer" else None


class KeyVerifier:
    """Verifies keys against a file that may change while the service runs.

    Without the file no key is accepted. A file that cannot be parsed changes nothing, is logged and is reported in
    `problem`, so that a slip in an editor does not stop the traffic.

    Raises:
        ApiKeysError: When the file cannot be read at the start.
    """

    def __init__(self, path: Path, *, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._file = ApiKeyFile(path)
        self._clock_s = clock_s
        self._checked_s = clock_s()
        self._signature = _signature(path)
        self._keys = self._file.read()
        self.problem: str | None = None

    def authorize(self, presented: str | None, scope: str) -> ApiKey:
        """The key that was presented, when it has a scope.

        Raises:
            KeyMissing, KeyRefused, ScopeMissing: When there is none, or it is unknown, or has not the scope.
        """
        if not presented:
            raise KeyMissing
        key = self.recognise(presented)
        if key is None:
            raise KeyRefused
        if not key.allows(scope):
            raise ScopeMissing(key_id=key.id, scope=scope)
        return key

    def recognise(self, presented: str) -> ApiKey | None:
        """The known key that was presented, found in a time that does not depend on how much of it is right."""
        self._reload_when_changed()
        if len(presented) > MAX_KEY_LENGTH:
            return None
        digest = fingerprint(presented)
        found = None
        for key in self._keys:
            if hmac.compare_digest(key.sha256, digest):
                found = key
        return found

    def _reload_when_changed(self) -> None:
        now_s = self._clock_s()
        if now_s - self._checked_s < CHECK_EVERY_S:
            return
        self._checked_s = now_s
        signature = _signature(self._file.path)
        if signature == self._signature:
            return
        self._signature = signature
        self._reload()

    def _reload(self) -> None:
        previous = self.problem
        if self._signature is None:
            self._keys, self.problem = (), f"{self._file.path}: no such file, so no key is accepted"
        else:
            self._read()
        if self.problem is None and previous is not None:
            log.info("keys read again")
        elif self.problem != previous:
            log.error("keys not read", reason=self.problem)

    def _read(self) -> None:
        try:
            self._keys, self.problem = self._file.read(), None
        except ApiKeysError as error:
            self.problem = f"{error}; the keys read before go on"


def _signature(path: Path) -> Signature | None:
    """A value that changes whenever the file does; links are followed, as a mounted secret is one."""
    try:
        status = path.stat()
    except OSError:
        return None
    # An inode number is soon given to the next file; the time of its last change cannot be set back.
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino
