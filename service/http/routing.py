"""Paths of the HTTP interface."""

import re

from flask import Flask, Request
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import BaseConverter, IntegerConverter

from service.http.prediction_paths import MODEL_RULES

__all__ = ["NameConverter", "NumberConverter", "RunConverter", "route_in_any_case", "version_paths"]


class NameConverter(BaseConverter):
    """A part of a path up to the next slash or colon; whether it names something is for the registry to say."""

    regex = r"[^/:]+"


class RunConverter(NameConverter):
    """A run's id: `compare` is a path of its own, which takes other methods."""

    regex = r"(?!compare\Z)[^/:]+"


class NumberConverter(IntegerConverter):
    """A number in ASCII digits; the digits of other scripts name no version."""

    regex = "[0-9]+"


def version_paths(suffix: str) -> tuple[str, ...]:
    """The paths of a call on a model, on one of its versions by number, and on one by label."""
    return tuple(rule + suffix for rule in MODEL_RULES)


PATH = re.compile(
    r"/v1/models(/[^/:]+)(?:/(versions)(/[^/:]+)|/(labels)(/[^/:]+))?((?:/metadata)?|:[a-z]+)", re.IGNORECASE
)
METADATA = "/metadata"


def route_in_any_case(app: Flask, request: Request) -> None:
    """Find the route of a request whose path was not found as it is written."""
    if not isinstance(request.routing_exception, NotFound):
        return
    path = _usual(request.path)
    adapter = app.create_url_adapter(request)
    if path is None or adapter is None:
        return
    try:
        request.url_rule, values = adapter.match(path, return_rule=True)
    except HTTPException as error:
        request.routing_exception = error
    else:
        request.view_args, request.routing_exception = dict(values), None


def _usual(path: str) -> str | None:
    """The path as its route has it; None for one that is not TensorFlow Serving's."""
    found = PATH.fullmatch(path)
    if found is None:
        return None
    model, versions, version, labels, label, call = found.groups(default="")
    # As its server does: `/METADATA` is a path that it knows, and only `metadata` a document other than the status.
    call = "" if call != METADATA and call.lower() == METADATA else call
    place = "/versions" + version if versions else "/labels" + label if labels else ""
    return f"/v1/models{model}{place}{call}"
