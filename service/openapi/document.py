"""The OpenAPI document: paths and methods come from the routes of the application, the rest from their operations."""

import re
from collections import Counter
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from models.capture.feedback_items import REQUEST_ID
from service.auth.scopes import Scope
from service.openapi.components import SCHEMAS
from service.openapi.error_responses import error_responses
from service.openapi.json_schema import POSITIVE_INTEGER, Schema, pattern
from service.openapi.operation import Operation, operations_of

__all__ = ["openapi_document"]

IMPLIED_METHODS = frozenset({"HEAD", "OPTIONS"})
ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>")
NAME = pattern("^[^/:]+$")
PATH_PARAMETERS: Mapping[str, tuple[Schema, Any]] = {
    "model": (NAME | {"description": "The model's name"}, "classic"),
    "version": (POSITIVE_INTEGER | {"description": "The version's number"}, 1),
    "label": (
        NAME | {"description": "A label of the model: `stable`, `canary`, …; `latest` for its newest version"},
        "stable",
    ),
    "job_id": (NAME | {"description": "The job's id"}, "0123456789abcdef0123456789abcdef"),
    "run_id": (NAME | {"description": "The run's id"}, "0123456789abcdef0123456789abcdef"),
    "search_id": (NAME | {"description": "The search's id"}, "0123456789abcdef0123456789abcdef"),
    "rollout_id": (NAME | {"description": "The rollout's id"}, "0190a5f2c00000000000000000000000"),
    "request_id": (
        pattern(REQUEST_ID) | {"description": "The X-Request-Id of a prediction"},
        "5f2c7a0e9d1b4c3f8a6e2d4b1c0f9e8d",
    ),
    "reference": (NAME | {"description": "The data set's name or its sha-256"}, "iris.csv"),
    "file": (NAME | {"description": "The name of one of the version's files"}, "report.json"),
    "asset": (NAME | {"description": "The file's name"}, "docs.js"),
}
"""What a part of a path can be, with a description, and an example."""
TAGS: Mapping[str, str] = {
    "Predictions": "TensorFlow Serving's REST protocol: instances in; probabilities, labels with scores, "
    "or numbers out. Without version or label the default version answers: the one that `stable` names.",
    "Models": "What is published and loaded: models, their versions with state and metrics, their labels, "
    "their reports.",
    "Rollouts": "How a version comes to answer: beside the default version, then for a share of the requests, watched "
    "by guards.",
    "Jobs": "Training: a spec in, a job on the queue, its progress, and the version that it published.",
    "Runs": "The durable record of every training, also of those that failed.",
    "Searches": "Hyperparameter searches, whose trials are jobs and runs.",
    "Learning from production": "What becomes of predictions: sampled rows in the store, their true labels, how good "
    "they were.",
    "Specs": "Before a training is submitted: a spec that fits uploaded data, and a check without a job.",
    "Data sets": "Files that a spec can name as its `data.source`: uploaded, looked at, listed, deleted.",
    "Open Inference Protocol V2": "The protocol of KServe and Triton, with the binary tensor extension.",
    "Running": "For those who run the service: whether it lives, whether it is ready, what Prometheus reads.",
    "Pages": "What a browser shows: the web page, this documentation and their files.",
}
"""Tag → what belongs to it. A new group gets its sentence here."""
KEYS: list[dict[str, list[str]]] = [{"apiKey": []}, {"bearer": []}]
SCHEMES = {
    "apiKey": {
        "type": "apiKey", "in": "header", "name": "X-API-Key", "description": "A key that `onehot keys add` printed",
    },
    "bearer": {"type": "http", "scheme": "bearer", "description": "The same key as `Authorization: Bearer …`"},
}  # fmt: skip
SERVERS = [{"url": ".", "description": "The folder that this document is in, whatever a proxy calls it"}]
LICENSE = {"name": "Apache License 2.0", "identifier": "Apache-2.0"}
CONTACT = {"name": "The Onehot authors"}
SUMMARY = "Train Keras Sequential classifiers on a job queue, serve them hot over HTTP"
ABOUT = (
    "Trains Keras Sequential classifiers on a job queue and serves them. Every answer carries `X-Request-Id`; the one "
    'that a request brings is taken over. Every error is `{"error": "one sentence that says what to do"}`. Where API '
    "keys are configured, each operation needs one with the scope that it names: `predict`, `train` or `admin`; "
    "without them a key is not looked at."
)


def openapi_document(app: Flask, *, is_locked: bool) -> dict[str, Any]:
    """Describe the HTTP interface.

    Args:
        app: The application.
        is_locked: Whether API keys are asked for.
    """
    operations = operations_of(app)
    routes = Counter(rule.endpoint for rule in app.url_map.iter_rules())
    paths: dict[str, dict[str, Any]] = {}
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (len(rule.arguments), rule.rule)):
        for method in sorted((rule.methods or set()) - IMPLIED_METHODS):
            operation_id = _operation_id(rule, is_one_of_several=routes[rule.endpoint] > 1)
            document = _operation(rule, operations[rule.endpoint], is_locked=is_locked)
            path = ARGUMENT.sub(r"{\1}", rule.rule)
            paths.setdefault(path, {})[method.lower()] = {"operationId": operation_id, **document}
    info = {
        "title": "Onehot", "version": version("onehot"), "summary": SUMMARY, "description": ABOUT,
        "license": LICENSE, "contact": CONTACT,
    }  # fmt: skip
    return {
        "openapi": "3.1.0", "info": info, "servers": SERVERS, "tags": _tags(operations), "paths": paths,
        "components": {"schemas": SCHEMAS, "securitySchemes": SCHEMES},
    }  # fmt: skip


def _tags(operations: Mapping[str, Operation]) -> list[dict[str, str]]:
    names = dict.fromkeys(operation["tag"] for operation in operations.values())
    return [{"name": name} | ({"description": TAGS[name]} if name in TAGS else {}) for name in names]


def _operation(rule: Rule, operation: Operation, *, is_locked: bool) -> dict[str, Any]:
    scope, body = operation["scope"], operation.get("body")
    is_public = scope is Scope.PUBLIC
    document: dict[str, Any] = {
        "tags": [operation["tag"]],
        "summary": operation["summary"],
        "description": operation.get("description"),
        "parameters": [*map(_path_parameter, ARGUMENT.findall(rule.rule)), *operation.get("parameters", ())],
        "requestBody": body and {"required": operation.get("needs_body", True), "content": body},
        "responses": {
            **{str(status): response for status, response in operation["responses"].items()},
            **dict(error_responses(rule, operation, is_locked=is_locked)),
        },
        "x-scope": None if is_public else scope.value,
        "security": [] if is_public else KEYS if is_locked else [{}, *KEYS],
    }
    return {name: part for name, part in document.items() if part or name == "security"}


def _operation_id(rule: Rule, *, is_one_of_several: bool) -> str:
    """The endpoint's own name; and, where several routes lead to it, what the route names besides the model."""
    places = [name for name in ARGUMENT.findall(rule.rule) if name in ("version", "label")] if is_one_of_several else []
    return "_".join([str(rule.endpoint).rpartition(".")[2], *places])


def _path_parameter(name: str) -> Schema:
    described, example = PATH_PARAMETERS[name]
    schema = {key: value for key, value in described.items() if key != "description"}
    description = described.get("description")
    parameter: Schema = {"name": name, "in": "path", "required": True, "schema": schema, "example": example}
    return parameter | ({"description": description} if description else {})
