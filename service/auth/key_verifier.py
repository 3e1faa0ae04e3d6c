"""The lock of the service: which API key came with a request, and what it opens."""

import hmac
import time
from collections.abc import Callable
from pathlib import Path

from models.api_keys import ApiKey, ApiKeyFile, ApiKeysError, fingerprint
from service.errors import KeyMissing, KeyRefused, ScopeMissing

__all__ = ["KeyVerifier", "presented_key"]

LOOK_AGAIN_S = 1.0
LONGEST_KEY = 256

Signature = tuple[int, int, int, int]


def presented_key(*, authorization: str | None, api_key: str | None) -> str | None:
    """The key of a request, from `X-API-Key` or else `Authorization: Bearer`."""
    if api_key:
        return api_key.strip()
    scheme, _, credentials = (authorization or "").strip().partition(" ")
    return credentials.strip() or None if scheme.lower() == "bearer" else None


class KeyVerifier:
    """Recognises keys of a file that may change while the service runs.

    A file that is gone opens to nobody. A file that cannot be understood changes nothing and is reported in `problem`,
    so that a slip in an editor does not stop the traffic.

    Args:
        path: The file.
        clock_s: Seconds that only ever grow.

    Raises:
        ApiKeysError: When the file cannot be read at the start.
    """

    def __init__(self, path: Path, *, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._file = ApiKeyFile(path)
        self._clock_s = clock_s
        self._looked_s = clock_s()
        self._signature = _signature(path)
        self._keys = self._file.read()
        self.problem: str | None = None

    def authorize(self, presented: str | None, scope: str) -> ApiKey:
        """The key that came, when it opens what needs this scope.

        Raises:
            KeyMissing, KeyRefused, ScopeMissing: When it does not.
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
        """The known key that this is; the time it takes does not depend on how much of it is right."""
        self._reload_when_changed()
        if len(presented) > LONGEST_KEY:
            return None
        digest = fingerprint(presented)
        found = None
        for key in self._keys:
            if hmac.compare_digest(key.sha256, digest):
                found = key
        return found

    def _reload_when_changed(self) -> None:
        now_s = self._clock_s()
        if now_s - self._looked_s < LOOK_AGAIN_S:
            return
        self._looked_s = now_s
        signature = _signature(self._file.path)
        if signature == self._signature:
            return
        self._signature = signature
        self._reload()

    def _reload(self) -> None:
        if self._signature is None:
            self._keys, self.problem = (), f"{self._file.path}: no such file, so no key is accepted"
            return
        try:
            self._keys, self.problem = self._file.read(), None
        except ApiKeysError as error:
            self.problem = f"{error}; the keys read before go on"


def _signature(path: Path) -> Signature | None:
    """What changes whenever the file does; links are followed, as a mounted secret is one."""
    try:
        status = path.stat()
    except OSError:
        return None
    # An inode number is soon given to the next file; the time of its last change cannot be set back.
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino
