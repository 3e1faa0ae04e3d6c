"""API keys at rest: a JSON file that holds what is needed to recognise a key, never a key.

    {"format_version": 1,
     "keys": [{"id": "3f9a…", "scopes": ["predict"], "sha256": "…", "created_at": "2026-01-01T00:00:00Z"}]}

A key reads `oh_<id>_<secret>` and is shown once, when it is added. Its secret is 256 bits of the operating system's
randomness, so there is nothing to guess and one SHA-256 of the whole key is enough: slow functions such as scrypt make
guessing of weak passwords dear, and would cost every request tens of milliseconds. The id in the hashed text is a salt.
"""

import fcntl
import hashlib
import json
import os
import re
import secrets
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from models.errors import Misfit, OnehotError, shown

__all__ = ["ADMIN", "SCOPES", "ApiKey", "ApiKeyFile", "ApiKeyNotFound", "ApiKeysError", "fingerprint"]

FORMAT_VERSION = 1
ADMIN = "admin"
# `admin` includes the other two; they do not include each other.
SCOPES = ("predict", "train", ADMIN)
PATTERNS = {
    "id": re.compile(r"[0-9a-f]{12}"),
    "sha256": re.compile(r"[0-9a-f]{64}"),
    "created_at": re.compile(r".{1,40}"),
}
FIELDS = frozenset({*PATTERNS, "scopes"})


class ApiKeysError(Misfit):
    """A file of API keys that cannot be used; `where` is its path."""


class ApiKeyNotFound(OnehotError):
    """No key of that id in the file."""

    def __init__(self, path: Path, key_id: str) -> None:
        self.path = path
        self.key_id = key_id
        super().__init__(f"no key {key_id!r} in {path}: `onehot keys list` names those that exist")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """The record of a key.

    Args:
        id: Names it in lists and logs; it is no secret.
        scopes: What it allows.
        sha256: Of the whole key.
        created_at: ISO 8601, UTC.
    """

    id: str
    scopes: tuple[str, ...]
    sha256: str
    created_at: str

    def allows(self, scope: str) -> bool:
        """Whether the key opens what needs this scope; `admin` opens all."""
        return scope in self.scopes or ADMIN in self.scopes

    @classmethod
    def create(cls, scopes: Iterable[str], *, now: datetime) -> tuple[Self, str]:
        """Make a key.

        Returns:
            The record, and the key itself, which cannot be computed again.

        Raises:
            ValueError: For no scope or an unknown one.
        """
        asked = set(scopes)
        if not asked or not asked <= set(SCOPES):
            raise ValueError(f"scopes: expected some of {', '.join(SCOPES)}; received {shown(sorted(asked))}")
        key_id = secrets.token_hex(6)
        key = f"oh_{key_id}_{secrets.token_hex(32)}"
        ordered = tuple(scope for scope in SCOPES if scope in asked)
        return cls(key_id, ordered, fingerprint(key), now.strftime("%Y-%m-%dT%H:%M:%SZ")), key


def fingerprint(key: str) -> str:
    """The SHA-256 by which a key is recognised."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class ApiKeyFile:
    """The file of accepted keys; every change replaces it whole, readable by its owner only."""

    path: Path

    def read(self) -> tuple[ApiKey, ...]:
        """All keys, in the order in which they were added.

        Raises:
            ApiKeysError: When there is no such file or it is not of this format.
        """
        try:
            content = self.path.read_bytes()
        except OSError as error:
            raise self._error("a readable file", received=error.strerror or str(error)) from error
        return self._parse(content)

    def add(self, scopes: Iterable[str], *, clock: Callable[[], datetime] = _now) -> tuple[ApiKey, str]:
        """Add a new key; the file is made when there is none.

        Returns:
            The record, and the key, to be shown once.

        Raises:
            ValueError: For no scope or an unknown one.
            ApiKeysError: When the file is there and not of this format, or cannot be written.
        """
        kept, key = ApiKey.create(scopes, now=clock())
        with self._locked():
            self._write((*self._read_or_none(), kept))
        return kept, key

    def revoke(self, key_id: str) -> ApiKey:
        """Take a key away.

        Raises:
            ApiKeyNotFound: When there is no such key.
            ApiKeysError: When the file is not of this format, or cannot be written.
        """
        with self._locked():
            keys = self._read_or_none()
            revoked = next((key for key in keys if key.id == key_id), None)
            if revoked is None:
                raise ApiKeyNotFound(self.path, key_id)
            self._write(key for key in keys if key.id != key_id)
        return revoked

    def _read_or_none(self) -> tuple[ApiKey, ...]:
        return self.read() if self.path.exists() else ()

    def _parse(self, content: bytes) -> tuple[ApiKey, ...]:
        try:
            document = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise self._error("JSON", received=str(error)) from error
        known = isinstance(document, dict) and document.get("format_version") == FORMAT_VERSION
        if not known or not isinstance(document.get("keys"), list):
            expected = f"an object with format_version {FORMAT_VERSION} and a list of keys"
            raise self._error(expected, received=type(document).__name__)
        keys = tuple(self._key(entry, f"keys[{index}]") for index, entry in enumerate(document["keys"]))
        if len({key.id for key in keys}) != len(keys):
            raise self._error("ids that differ", received="an id twice")
        return keys

    def _key(self, entry: Any, where: str) -> ApiKey:
        """Check one entry; what it holds is not repeated in the error."""
        if not isinstance(entry, dict) or entry.keys() != FIELDS:
            raise self._error(f"{where} with {', '.join(sorted(FIELDS))}", received="other fields")
        scopes = entry["scopes"]
        if not isinstance(scopes, list) or not scopes or not all(scope in SCOPES for scope in scopes):
            raise self._error(f"{where}.scopes among {', '.join(SCOPES)}", received=shown(scopes))
        for name, pattern in PATTERNS.items():
            if not isinstance(entry[name], str) or not pattern.fullmatch(entry[name]):
                raise self._error(f"{where}.{name} like {pattern.pattern}", received="another")
        return ApiKey(**{**entry, "scopes": tuple(scopes)})

    def _error(self, expected: str, *, received: str) -> ApiKeysError:
        return ApiKeysError(where=str(self.path), expected=expected, received=received)

    def _write(self, keys: Iterable[ApiKey]) -> None:
        document = {"format_version": FORMAT_VERSION, "keys": [asdict(key) for key in keys]}
        content = json.dumps(document, indent=1).encode() + b"\n"
        # A file of mkstemp has mode 0600 from its first moment.
        handle, name = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=self.path.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self.path)
        finally:
            temporary.unlink(missing_ok=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One writer at a time: two keys added at once are both kept."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.path.parent, os.O_RDONLY)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                yield
            finally:
                os.close(handle)
        except OSError as error:
            raise self._error("a place to write", received=error.strerror or str(error)) from error
