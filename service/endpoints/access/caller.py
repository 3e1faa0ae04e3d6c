"""Who calls, and what that caller may do: what a page offers, and what a key is good for."""

from flask import Response, request

from models.api_keys import SCOPES, ApiKey
from service.auth.scopes import Scope
from service.http.context import request_context, services
from service.http.responses import json_answer
from service.openapi.operation import ApiBlueprint, api_response, header_parameter

__all__ = ["blueprint"]

API_KEY = header_parameter(
    "X-API-Key", "^[!-~ ]*$", "The key that is asked about; `Authorization: Bearer …` does as well",
    example="oh_3f9a5c7b1d2e_secret",
)  # fmt: skip

blueprint = ApiBlueprint("caller", __name__, tag="Running", scope=Scope.PUBLIC)


@blueprint.operation(
    "GET",
    "/v1/me",
    description="Never refused: without a key, or with one that is not known, `key_id` is null and `scopes` is what is "
    "left. Where no keys are configured everything is permitted.",
    parameters=(API_KEY,),
    responses={200: api_response("The caller", "Caller")},
)
def get_caller() -> Response:
    """Who calls: the key's id, what it permits, whether keys are asked for."""
    authenticator, header = services().authenticator, request.headers.get
    key = authenticator.recognise(authorization=header("Authorization"), api_key=header("X-API-Key"))
    key_id = None if key is None else key.id
    request_context().key_id = key_id
    is_asked = authenticator.asks_for_keys
    scopes = _permitted(key, is_asked=is_asked)
    return json_answer({"keys_required": is_asked, "key_id": key_id, "scopes": scopes})


def _permitted(key: ApiKey | None, *, is_asked: bool) -> list[str]:
    """The scopes of the operations that the caller may use."""
    return [scope for scope in SCOPES if not is_asked or (key is not None and key.allows(scope))]
