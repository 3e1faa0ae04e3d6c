"""The OpenAPI document: paths and methods come from the routes of the application, the rest from their operations."""

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from service.auth.scopes import Scope
from service.openapi.components import SCHEMAS
from service.openapi.json_schema import POSITIVE_INTEGER, Schema, pattern
from service.openapi.operation import Operation, api_response, operations_of

__all__ = ["openapi_document"]

IMPLIED_METHODS = frozenset({"HEAD", "OPTIONS"})
ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>")
NAME = pattern("^[^/:]+$")
PATH_PARAMETERS: Mapping[str, tuple[Schema, Any]] = {
    "model": (NAME, "classic"),
    "version": (POSITIVE_INTEGER, 1),
    "label": (NAME, "stable"),
    "job_id": (NAME, "0123456789abcdef0123456789abcdef"),
    "search_id": (NAME, "0123456789abcdef0123456789abcdef"),
    "reference": (NAME | {"description": "Its name or its sha-256"}, "iris.csv"),
    "file": (NAME, "docs.js"),
}
"""What a part of a path can be, and an example."""
ERRORS: Mapping[int, str] = {
    400: "Something in the request is not as it must be: the place, what was expected, what was received",
    401: "No API key, or an unknown one",
    403: "The key has not the scope that this needs; without keys: a foreign `Host` or `Origin`",
    404: "There is no such thing",
    409: "It cannot be done as things stand",
    413: "A body larger than ONEHOT_MAX_BODY_BYTES",
    415: "A content type that is not read here",
    429: "Too much at once",
    500: "Something failed inside the service; the sentence has the request's id",
    503: "The model is known but not loaded, or the store or the queue does not answer",
    504: "Not done within ONEHOT_REQUEST_TIMEOUT_S",
    507: "The store, or the folder for temporary files, is full: nothing was changed",
}
PATH_ERRORS, BODY_ERRORS, BUSY_ERRORS, LOCKED_ERRORS = (404,), (400, 413), (429, 504), (401, 403)
FOREIGN_ERRORS = (403,)
"""The errors of a route that has arguments in its path, has a body, is not public, needs an API key.
`FOREIGN_ERRORS`: of a route that changes something."""
RETRY_ERRORS = (429, 503)
RETRY_AFTER = "Seconds to wait; absent where no version is promoted, as asking again does not help"
SECURITY: list[dict[str, list[str]]] = [{"apiKey": []}, {"bearer": []}]
SCHEMES = {
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "bearer": {"type": "http", "scheme": "bearer"},
}
SERVERS = [{"url": "."}]
"""The folder that the document itself is in, whatever a proxy calls it."""
ABOUT = (
    "Trains Keras Sequential classifiers on a job queue and serves them. Every answer carries `X-Request-Id`; the one "
    'that a request brings is taken over. Every error is `{"error": "one sentence that says what to do"}`. Where API '
    "keys are configured, each operation needs one with the scope that it names: `predict`, `train` or `admin`."
)


def openapi_document(app: Flask, *, is_locked: bool) -> dict[str, Any]:
    """Describe the HTTP interface.

    Args:
        app: The application.
        is_locked: Whether API keys are asked for.
    """
    operations = operations_of(app)
    paths: dict[str, dict[str, Any]] = {}
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (len(rule.arguments), rule.rule)):
        for method in sorted((rule.methods or set()) - IMPLIED_METHODS):
            document = _operation(rule, operations[rule.endpoint], is_locked=is_locked)
            paths.setdefault(ARGUMENT.sub(r"{\1}", rule.rule), {})[method.lower()] = document
    components: dict[str, Any] = {"schemas": SCHEMAS} | ({"securitySchemes": SCHEMES} if is_locked else {})
    info = {"title": "Onehot", "version": version("onehot"), "description": ABOUT}
    tags = [{"name": name} for name in dict.fromkeys(operation["tag"] for operation in operations.values())]
    return {
        "openapi": "3.1.0", "info": info, "servers": SERVERS, "tags": tags, "paths": paths, "components": components,
    }  # fmt: skip


def _operation(rule: Rule, operation: Operation, *, is_locked: bool) -> dict[str, Any]:
    scope, body = operation["scope"], operation.get("body")
    is_public = scope is Scope.PUBLIC
    document: dict[str, Any] = {
        "operationId": _operation_id(rule),
        "tags": [operation["tag"]],
        "summary": operation["summary"],
        "description": operation.get("description"),
        "parameters": [*map(_path_parameter, ARGUMENT.findall(rule.rule)), *operation.get("parameters", ())],
        "requestBody": body and {"required": operation.get("needs_body", True), "content": body},
        "responses": dict(_responses(rule, operation, is_locked=is_locked)),
        "x-scope": None if is_public else scope.value,
        "security": SECURITY if is_locked and not is_public else None,
    }
    return {name: part for name, part in document.items() if part}


def _operation_id(rule: Rule) -> str:
    """A name that is unique also where one endpoint has several routes."""
    endpoint = str(rule.endpoint).replace(".", "_")
    place = "".join(f"_{name}" for name in ARGUMENT.findall(rule.rule) if name in ("version", "label"))
    return endpoint + place + ("_slash" if rule.rule.endswith("/") and rule.rule != "/" else "")


def _path_parameter(name: str) -> Schema:
    schema, example = PATH_PARAMETERS[name]
    return {"name": name, "in": "path", "required": True, "schema": schema, "example": example}


def _responses(rule: Rule, operation: Operation, *, is_locked: bool) -> Iterator[tuple[str, Schema]]:
    for status, response in operation["responses"].items():
        yield str(status), response
    for status in sorted(_errors(rule, operation, is_locked=is_locked)):
        headers = {"Retry_After": RETRY_AFTER} if status in RETRY_ERRORS else {}
        yield str(status), api_response(ERRORS[status], "Error", **headers)


def _errors(rule: Rule, operation: Operation, *, is_locked: bool) -> set[int]:
    is_public = operation["scope"] is Scope.PUBLIC
    return {
        int(HTTPStatus.INTERNAL_SERVER_ERROR),
        int(HTTPStatus.BAD_REQUEST),  # parameters that the route does not have
        *operation.get("errors", ()),
        *(PATH_ERRORS if rule.arguments else ()),
        *(BODY_ERRORS if "body" in operation else ()),
        *(() if is_public else BUSY_ERRORS),
        *(LOCKED_ERRORS if is_locked and not is_public else ()),
        *(FOREIGN_ERRORS if operation.get("changes") else ()),
    }
