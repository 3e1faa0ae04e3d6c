"""Whether this process lives, and whether it is ready to predict."""

from http import HTTPStatus

from flask import Response

from service.auth.scopes import Scope
from service.http.context import services
from service.http.responses import error_answer, json_answer
from service.openapi.operation import ApiBlueprint, api_response

__all__ = ["blueprint"]

blueprint = ApiBlueprint("health", __name__, tag="Running", scope=Scope.PUBLIC)


@blueprint.operation(
    "GET",
    "/healthz",
    description="A liveness probe: it looks at nothing else, neither at the store nor at the queue.",
    responses={200: api_response("It lives", "Live")},
)
def get_health() -> Response:
    """Whether this process answers."""
    return json_answer({"status": "ok"})


@blueprint.operation(
    "GET",
    "/readyz",
    summary="Whether every version that should be loaded was tried once, by every process",
    description="503 says what it waits for. Versions that memory does not suffice for are named either way.",
    responses={200: api_response("It is ready", "Ready")},
    errors=(503,),
)
def get_readiness() -> Response:
    """Ready: all is tried that should be loaded, there is something that answers, and the service does not end."""
    snapshot, reason = services().registry.snapshot, services().readiness.why_not
    refused = [
        {"path": f"models.{name}.versions.{number}", "message": message}
        for (name, number), message in snapshot.refused.items()
    ]
    if reason is not None:
        return error_answer(f"not ready: {reason}", status=HTTPStatus.SERVICE_UNAVAILABLE, details=refused)
    details = {"details": refused} if refused else {}
    return json_answer({"status": "ready", **snapshot.describe(), **details})
