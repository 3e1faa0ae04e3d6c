"""Whether this process lives, and whether it is ready to predict."""

from http import HTTPStatus

from flask import Blueprint, Response

from service.answers import error_answer, json_answer
from service.context import services

__all__ = ["blueprint"]

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def live() -> Response:
    """Alive: it answers."""
    return json_answer({"status": "ok"})


@blueprint.get("/readyz")
def ready() -> Response:
    """Ready: every version that should be loaded was tried once; else what it waits for."""
    snapshot = services().registry.snapshot
    if not snapshot.is_complete:
        return error_answer(f"not ready: waiting for {snapshot.waiting_for}", status=HTTPStatus.SERVICE_UNAVAILABLE)
    return json_answer({"status": "ready", **snapshot.describe()})
