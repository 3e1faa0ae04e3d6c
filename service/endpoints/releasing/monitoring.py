"""Monitoring: live rows of a version and what was predicted for them, against the rows that it was trained on."""

from flask import Response, request

from models.errors import InputError, shown
from service.auth.scopes import Scope
from service.http.context import services
from service.http.responses import json_answer
from service.http.routing import version_paths
from service.monitoring.live_window import LONGEST_S
from service.monitoring.monitor import report_document
from service.openapi.operation import ApiBlueprint, api_response, query_parameter

__all__ = ["blueprint"]

SHORTEST_S, DEFAULT_S = 1.0, 3600.0
WINDOW = query_parameter(
    "window_s",
    {"type": "number", "minimum": SHORTEST_S, "maximum": LONGEST_S, "default": DEFAULT_S},
    "The last so many seconds, and the rest of the bucket in which they begin: of 10 seconds in the last two minutes, "
    "of two minutes in the last hour, else of an hour",
    example=600,
)

blueprint = ApiBlueprint("monitoring", __name__, tag="Models", scope=Scope.PREDICT)


@blueprint.operation(
    "GET",
    *version_paths("/monitoring"),
    description="For each column the population stability index and the distance of Jensen and Shannon, with what "
    "chance would make of them at this number of rows; gaps, values out of range, unseen categories; predicted "
    "classes and confidence; alarms in words. 404 for a version without statistics of its training rows: "
    "`onehot models profile` makes them.",
    parameters=(WINDOW,),
    responses={200: api_response("The window against the training rows", "Monitoring")},
    errors=(400, 503),
)
def get_monitoring(model: str, version: int | None = None, label: str | None = None) -> Response:
    """Live inputs and outputs against the training's distributions."""
    window_s, monitor = _window_s(), services().monitor
    manifest = services().registry.find(model, version=version, label=label).manifest
    statistics, window, is_complete = monitor.compared(manifest, window_s=window_s)
    return json_answer(report_document(manifest, statistics, window, window_s=window_s, is_complete=is_complete))


def _window_s() -> float:
    text = request.args.get("window_s")
    try:
        window_s = DEFAULT_S if text is None else float(text)
    except ValueError:
        window_s = 0.0
    if not SHORTEST_S <= window_s <= LONGEST_S:
        expected = f"seconds from {SHORTEST_S:g} to {LONGEST_S}"
        raise InputError(where="window_s", expected=expected, received=shown(text))
    return window_s
