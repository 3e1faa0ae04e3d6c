"""The scopes of API keys, and the lock that asks for them. Each route declares its own where it is declared."""

from enum import StrEnum
from pathlib import Path
from typing import Self

import structlog
from flask import Request

from models.settings import Settings
from service.auth.key_verifier import KeyVerifier, presented_key

__all__ = ["Lock", "Scope"]

log = structlog.get_logger("service")


class Scope(StrEnum):
    """What a key can be good for; `PUBLIC` needs none."""

    PUBLIC = "public"
    PREDICT = "predict"
    TRAIN = "train"
    ADMIN = "admin"


class Lock:
    """Asks every request for a key that opens its route.

    Args:
        keys: The accepted keys; without them every door is open, and the service listens on loopback only.
    """

    def __init__(self, keys: KeyVerifier | None) -> None:
        self._keys = keys
        self._told: str | None = None

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """With the keys of the settings' file, when there is one.

        Raises:
            ApiKeysError: When there should be one and it cannot be read.
        """
        return cls(KeyVerifier(Path(settings.api_keys_file)) if settings.api_keys_file else None)

    def admit(self, request: Request, scope: Scope) -> str | None:
        """Let a request in, or raise.

        Returns:
            The id of the key that opened, for the log; none where no key is needed.

        Raises:
            KeyMissing, KeyRefused, ScopeMissing: When nothing does.
        """
        headers = request.headers
        return self.admit_with(scope, authorization=headers.get("Authorization"), api_key=headers.get("X-API-Key"))

    def admit_with(self, scope: Scope, *, authorization: str | None, api_key: str | None) -> str | None:
        """As `admit`, from the two headers that a key can come in."""
        if self._keys is None:
            return None
        key = presented_key(authorization=authorization, api_key=api_key)
        try:
            return self._keys.authorize(key, scope).id
        finally:
            self._tell_problem(self._keys.problem)

    def _tell_problem(self, problem: str | None) -> None:
        if problem != self._told:
            self._told = problem
            log.error("keys not read", reason=problem) if problem else log.info("keys read again")
