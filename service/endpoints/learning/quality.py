"""Live quality: how good the predictions were, as far as true labels are known."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Response, request

from models.capture.captured_source import CapturedSource
from models.errors import InputError, ModelNotFound, shown
from models.names import is_model_name
from models.store.store import Store
from service.auth.scopes import Scope
from service.blocking_calls import run_in_thread
from service.endpoints.learning.row_choice import SINCE, UNTIL, VERSION, rows_of_query
from service.http.context import services
from service.http.responses import json_answer
from service.openapi.json_schema import NUMBER
from service.openapi.operation import ApiBlueprint, api_response, query_parameter

__all__ = ["blueprint"]

LONGEST_S = 10 * 366 * 86_400
WINDOW = query_parameter(
    "window_s", NUMBER | {"exclusiveMinimum": 0}, "Only rows computed in the last so many seconds", example=3600
)

blueprint = ApiBlueprint("quality", __name__, tag="Learning from production", scope=Scope.PREDICT)


@blueprint.operation(
    "GET",
    "/v1/models/<name:model>/quality",
    description="Of the captured rows with a label: of a classifier the accuracy, of each class and of each version "
    "too, with Wilson's intervals of 95 %; of a regression mean absolute and root mean squared error. All rows that "
    "are kept, unless `since` or `window_s` says from when on they count.",
    parameters=(WINDOW, SINCE, UNTIL, VERSION),
    responses={200: api_response("How good they were", "Quality")},
    errors=(503,),
)
def get_quality(model: str) -> Response:
    """How good a model's predictions were."""
    source = _with_window(rows_of_query(request, model))
    run_in_thread(_require, services().registry.store, model)
    services().captured.flush()
    found = services().quality.document(model, **source.of_rows)
    return json_answer({"model": model, **_asked(source), **found})


def _with_window(source: CapturedSource) -> CapturedSource:
    text = request.args.get("window_s")
    if text is None:
        return source
    if source.since is not None:
        raise InputError(where="window_s", expected="since or window_s", received="both")
    try:
        window_s = float(text)
    except ValueError:
        window_s = math.nan
    if not 0 < window_s <= LONGEST_S:
        raise InputError(where="window_s", expected="seconds, more than 0", received=shown(text))
    return replace(source, since=datetime.now(UTC) - timedelta(seconds=window_s))


def _asked(source: CapturedSource) -> dict[str, Any]:
    since, until = (None if one is None else one.isoformat() for one in (source.since, source.until))
    return {"since": since, "until": until, "version": source.version}


def _require(store: Store, model: str) -> None:
    if not is_model_name(model):
        raise ModelNotFound(model)
    store.resolve(model)
