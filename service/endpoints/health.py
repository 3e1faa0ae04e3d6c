"""Whether this process lives, and whether it is ready to predict."""

from http import HTTPStatus

from flask import Response

from service.auth.scopes import Scope
from service.http.context import services
from service.http.responses import error_answer, json_answer
from service.openapi.operation import ApiBlueprint, api_response

__all__ = ["blueprint"]

blueprint = ApiBlueprint("health", __name__, tag="Running", scope=Scope.PUBLIC)


@blueprint.operation("GET", "/healthz", responses={200: api_response("It lives", "Live")})
def live() -> Response:
    """Whether this process answers."""
    return json_answer({"status": "ok"})


@blueprint.operation(
    "GET",
    "/readyz",
    summary="Whether every version that should be loaded was tried once",
    description="503 says what it waits for.",
    responses={200: api_response("It is ready", "Ready")},
    errors=(503,),
)
def ready() -> Response:
    """Ready: every version that should be loaded was tried once, and the service is not about to end."""
    registry = services().registry
    reason = registry.why_not_ready
    if reason is not None:
        return error_answer(f"not ready: {reason}", status=HTTPStatus.SERVICE_UNAVAILABLE)
    return json_answer({"status": "ready", **registry.snapshot.describe()})
