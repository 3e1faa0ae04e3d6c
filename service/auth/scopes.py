"""Who may call what: one table with the scope of every route, and the lock that asks for it.

A route that is not in the table stops the start.
"""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Self

import structlog
from flask import Flask, Request

from models.settings import Settings
from service.auth.key_verifier import KeyVerifier, presented_key

__all__ = ["SCOPES", "Lock", "Scope", "require_scopes_for_all", "scope_of"]


log = structlog.get_logger("service")


class Scope(StrEnum):
    """What a key can be good for; `PUBLIC` needs none."""

    PUBLIC = "public"
    PREDICT = "predict"
    TRAIN = "train"
    ADMIN = "admin"


SCOPES: Mapping[str, Scope] = {
    "health.live": Scope.PUBLIC,
    "health.ready": Scope.PUBLIC,
    "page.show": Scope.PUBLIC,
    "page.show_file": Scope.PUBLIC,
    "docs.show": Scope.PUBLIC,
    "docs.show_document": Scope.PUBLIC,
    "docs.show_file": Scope.PUBLIC,
    "metrics.show": Scope.PUBLIC,
    "inference_protocol.show_server": Scope.PUBLIC,
    "inference_protocol.live": Scope.PUBLIC,
    "inference_protocol.ready": Scope.PUBLIC,
    "inference_protocol.show_model": Scope.PREDICT,
    "inference_protocol.model_ready": Scope.PREDICT,
    "inference_protocol.infer": Scope.PREDICT,
    "inference_protocol.show_index": Scope.PREDICT,
    "prediction.predict": Scope.PREDICT,
    "prediction.classify": Scope.PREDICT,
    "prediction.regress": Scope.PREDICT,
    "model_status.list_models": Scope.PREDICT,
    "model_status.show_status": Scope.PREDICT,
    "model_status.show_metadata": Scope.PREDICT,
    "model_status.show_report": Scope.PREDICT,
    "labels.put_label": Scope.ADMIN,
    "labels.delete_label": Scope.ADMIN,
    "jobs.submit": Scope.TRAIN,
    "jobs.list_jobs": Scope.TRAIN,
    "jobs.show": Scope.TRAIN,
    "jobs.cancel": Scope.TRAIN,
    "jobs.follow_events": Scope.TRAIN,
    "datasets.upload": Scope.TRAIN,
    "datasets.list_datasets": Scope.TRAIN,
    "datasets.show": Scope.TRAIN,
    "datasets.delete": Scope.TRAIN,
}
"""Endpoint → the scope that a key needs for it."""


def require_scopes_for_all(app: Flask) -> None:
    """Check that no route was forgotten.

    Raises:
        LookupError: Names the routes that have no scope.
    """
    missing = sorted({rule.endpoint for rule in app.url_map.iter_rules()} - set(SCOPES))
    if missing:
        raise LookupError(f"service.auth.scopes.SCOPES: expected a scope for every route; received none for {missing}")


def scope_of(endpoint: str | None) -> Scope:
    """What a route needs; a path that does not exist needs no key to be told so."""
    return Scope.PUBLIC if endpoint is None else SCOPES[endpoint]


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
