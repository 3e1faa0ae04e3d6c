"""Authentication of requests: by API keys where a file of them is configured, else none."""

from pathlib import Path
from typing import Self

from models.api_keys import ApiKey
from models.settings import Settings
from service.auth.key_verifier import KeyVerifier, presented_key
from service.auth.scopes import Scope

__all__ = ["Authenticator"]


class Authenticator:
    """Asks every request for a key with the scope of its route.

    Without accepted keys every request passes, and the service listens on loopback only.
    """

    def __init__(self, keys: KeyVerifier | None) -> None:
        self._keys = keys

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """With the keys of the settings' file, if there is one.

        Raises:
            ApiKeysError: When the file cannot be read.
        """
        return cls(KeyVerifier(Path(settings.api_keys_file)) if settings.api_keys_file else None)

    @property
    def asks_for_keys(self) -> bool:
        """Whether any are configured."""
        return self._keys is not None

    def authorize(self, scope: Scope, *, authorization: str | None, api_key: str | None) -> str | None:
        """Check the key of a request; returns its id, for the log, and none where no key is needed.

        Raises:
            KeyMissing, KeyRefused, ScopeMissing: When no key or the wrong one is presented.
        """
        if self._keys is None:
            return None
        return self._keys.authorize(presented_key(authorization=authorization, api_key=api_key), scope).id

    def recognise(self, *, authorization: str | None, api_key: str | None) -> ApiKey | None:
        """The key of a request, whatever it permits; none where it has none, an unknown one, or none is needed."""
        presented = presented_key(authorization=authorization, api_key=api_key)
        return None if self._keys is None or presented is None else self._keys.recognise(presented)
