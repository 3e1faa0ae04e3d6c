"""The document put together: paths and methods come from the routes themselves, what they mean from the tables."""

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from werkzeug.routing import Map, Rule

from service.auth.scopes import SCOPES, Scope
from service.openapi import (
    inference_protocol_schemas,
    job_schemas,
    model_schemas,
    prediction_schemas,
    service_schemas,
)
from service.openapi.json_schema import JSON, Content, Operation, Reply, Schema, reference

__all__ = ["OPERATIONS", "openapi_document"]

OPERATIONS: Mapping[str, Operation] = (
    prediction_schemas.OPERATIONS
    | model_schemas.OPERATIONS
    | job_schemas.OPERATIONS
    | inference_protocol_schemas.OPERATIONS
    | service_schemas.OPERATIONS
)
"""Endpoint → what it does."""
SCHEMAS: Mapping[str, Schema] = (
    prediction_schemas.SCHEMAS
    | model_schemas.SCHEMAS
    | job_schemas.SCHEMAS
    | inference_protocol_schemas.SCHEMAS
    | service_schemas.SCHEMAS
)
IMPLIED_METHODS = frozenset({"HEAD", "OPTIONS"})
ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>")
PATH_PARAMETERS: Mapping[str, tuple[Schema, Any]] = {
    "model": ({"type": "string", "pattern": "^[^/:]+$"}, "classic"),
    "version": ({"type": "integer", "minimum": 1}, 1),
    "label": ({"type": "string", "pattern": "^[^/:]+$"}, "stable"),
    "job_id": ({"type": "string", "pattern": "^[^/:]+$"}, "0123456789abcdef0123456789abcdef"),
    "reference": ({"type": "string", "pattern": "^[^/:]+$", "description": "Its name or its sha-256"}, "iris.csv"),
    "file": ({"type": "string", "pattern": "^[^/:]+$"}, "docs.js"),
}
"""What a part of a path can be, and an example."""
ERRORS: Mapping[int, str] = {
    400: "Something in the request is not as it must be: the place, what was expected, what was received",
    401: "No API key, or an unknown one",
    403: "The key has not the scope that this needs",
    404: "There is no such thing",
    409: "It cannot be done as things stand",
    413: "A body larger than ONEHOT_MAX_BODY_BYTES",
    415: "A content type that is not read here",
    429: "Too much at once",
    500: "Something failed inside the service; the sentence has the request's id",
    503: "The model is known but not loaded, or the store or the queue does not answer",
    504: "Not done within ONEHOT_REQUEST_TIMEOUT_S",
    507: "The store is full: nothing was changed",
}
LOCKED_ERRORS = (401, 403)
BUSY_ERRORS = (429, 504)
RETRY_ERRORS = (429, 503)
SECURITY: list[dict[str, list[str]]] = [{"apiKey": []}, {"bearer": []}]
SCHEMES = {
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "bearer": {"type": "http", "scheme": "bearer"},
}
ABOUT = (
    "Trains Keras Sequential classifiers on a job queue and serves them. Every answer carries `X-Request-Id`; the one "
    'that a request brings is taken over. Every error is `{"error": "one sentence that says what to do"}`. Where API '
    "keys are configured, each operation needs one with the scope that it names: `predict`, `train` or `admin`."
)


def openapi_document(url_map: Map, *, is_locked: bool) -> dict[str, Any]:
    """Describe the interface.

    Args:
        url_map: The routes of the application.
        is_locked: Whether API keys are asked for.

    Raises:
        KeyError: For a route that no table describes.
    """
    paths: dict[str, dict[str, Any]] = {}
    for rule in sorted(url_map.iter_rules(), key=lambda one: (len(one.arguments), one.rule)):
        for method in sorted((rule.methods or set()) - IMPLIED_METHODS):
            operation = _operation(rule, is_locked=is_locked)
            paths.setdefault(ARGUMENT.sub(r"{\1}", rule.rule), {})[method.lower()] = operation
    components: dict[str, Any] = {"schemas": dict(SCHEMAS)}
    if is_locked:
        components["securitySchemes"] = SCHEMES
    info = {"title": "Onehot", "version": version("onehot"), "description": ABOUT}
    tags = [{"name": name} for name in dict.fromkeys(operation.tag for operation in OPERATIONS.values())]
    return {"openapi": "3.1.0", "info": info, "tags": tags, "paths": paths, "components": components}


def _operation(rule: Rule, *, is_locked: bool) -> dict[str, Any]:
    operation, scope = OPERATIONS[rule.endpoint], SCOPES[rule.endpoint]
    document: dict[str, Any] = {
        "operationId": _operation_id(rule),
        "tags": [operation.tag],
        "summary": operation.summary,
        "responses": dict(_responses(operation, scope, is_locked=is_locked)),
    }
    if operation.description:
        document["description"] = operation.description
    parameters = [_path_parameter(name) for name in ARGUMENT.findall(rule.rule)] + list(operation.parameters)
    if parameters:
        document["parameters"] = parameters
    if operation.body:
        document["requestBody"] = {"required": operation.needs_body, "content": _contents(operation.body)}
    if scope is not Scope.PUBLIC:
        document["x-scope"] = scope.value
        if is_locked:
            document["security"] = SECURITY
    return document


def _operation_id(rule: Rule) -> str:
    """A name that is unique also where one endpoint has several routes."""
    endpoint = str(rule.endpoint).replace(".", "_")
    place = "".join(f"_{name}" for name in ARGUMENT.findall(rule.rule) if name in ("version", "label"))
    return endpoint + place + ("_slash" if rule.rule.endswith("/") and rule.rule != "/" else "")


def _path_parameter(name: str) -> dict[str, Any]:
    schema, example = PATH_PARAMETERS[name]
    return {"name": name, "in": "path", "required": True, "schema": schema, "example": example}


def _responses(operation: Operation, scope: Scope, *, is_locked: bool) -> Iterator[tuple[str, Any]]:
    for status, reply in operation.replies.items():
        yield str(int(status)), _response(reply)
    statuses = {*operation.errors, int(HTTPStatus.INTERNAL_SERVER_ERROR)}
    if scope is not Scope.PUBLIC:
        statuses |= {*BUSY_ERRORS, *(LOCKED_ERRORS if is_locked else ())}
    for status in sorted(statuses):
        yield str(status), _response(_error(status))


def _error(status: int) -> Reply:
    headers = {"Retry-After": "Seconds to wait"} if status in RETRY_ERRORS else None
    return Reply(ERRORS[status], (Content(reference("Error"), content_type=JSON),), headers)


def _response(reply: Reply) -> dict[str, Any]:
    headers = {"X-Request-Id": "The id of the request"} | dict(reply.headers or {})
    document: dict[str, Any] = {
        "description": reply.description,
        "headers": {name: {"description": said, "schema": {"type": "string"}} for name, said in headers.items()},
    }
    if reply.contents:
        document["content"] = _contents(reply.contents)
    return document


def _contents(contents: tuple[Content, ...]) -> dict[str, Any]:
    return {content.content_type: _media_type(content) for content in contents}


def _media_type(content: Content) -> dict[str, Any]:
    document: dict[str, Any] = {} if content.schema is None else {"schema": content.schema}
    return document if content.example is None else document | {"example": content.example}
