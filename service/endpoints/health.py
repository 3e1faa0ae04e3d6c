"""Whether this process lives, and whether it is ready to predict."""

from http import HTTPStatus

from flask import Blueprint, Response

from service.http.context import services
from service.http.responses import error_answer, json_answer

__all__ = ["blueprint"]

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def live() -> Response:
    """Alive: it answers."""
    return json_answer({"status": "ok"})


@blueprint.get("/readyz")
def ready() -> Response:
    """Ready: every version that should be loaded was tried once, and the service is not about to end."""
    registry = services().registry
    reason = registry.why_not_ready
    if reason is not None:
        return error_answer(f"not ready: {reason}", status=HTTPStatus.SERVICE_UNAVAILABLE)
    return json_answer({"status": "ready", **registry.snapshot.describe()})
