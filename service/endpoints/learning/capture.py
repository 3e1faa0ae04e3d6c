"""Capture: whether a model's requests are sampled into the store; the sampled rows; erasing those of one request."""

import re
from http import HTTPStatus

from flask import Response, request
from marshmallow import Schema

from models.capture.capture_settings import (
    DEFAULT_KEEP_DAYS,
    FIELDS,
    OFF,
    CaptureSettings,
    change_capture,
    read_capture,
    shown_capture,
)
from models.capture.erasing import Erased, erase_request
from models.capture.feedback_items import REQUEST_ID
from models.capture.row_export import export_rows
from models.errors import InputError, ModelNotFound, shown
from models.names import is_model_name
from models.store.store import Store
from service.auth.scopes import Scope
from service.blocking_calls import run_in_thread
from service.endpoints.learning.row_choice import SINCE, UNTIL, VERSION, rows_of_query
from service.endpoints.strict_field import StrictField
from service.http.content_negotiation import JSON, JSON_TYPES, require_content_type
from service.http.context import services
from service.http.query import choice_of, limit_of, limit_parameter
from service.http.request_bodies import parse_object, read_body
from service.http.responses import json_answer
from service.openapi.json_schema import enumeration
from service.openapi.media import json_media
from service.openapi.operation import ApiBlueprint, api_response, query_parameter

__all__ = ["blueprint"]

LIMIT_BYTES = 1024 * 1024
PATH = "/v1/models/<name:model>/capture"
ROWS = "/v1/models/<name:model>/captured"
DEFAULT_LIMIT = 100
ORDERS = ("newest", "least_sure")
LABELLED = query_parameter(
    "labelled", enumeration("true", "false"), "Only rows with a label, or only rows without", example="false"
)
ORDER = query_parameter(
    "order",
    enumeration(*ORDERS) | {"default": "newest"},
    "What comes first: the newest, or what the version was least sure of, which is most worth a label",
    example="least_sure",
)

blueprint = ApiBlueprint("capture", __name__, tag="Learning from production", scope=Scope.ADMIN)


class _CaptureSchema(Schema):
    """The body of a PUT."""

    error_messages = {"unknown": "expected sample, keep_days and drop; received another name"}  # noqa: RUF012 -- marshmallow's way

    sample = StrictField(FIELDS["sample"], required=True)
    keep_days = StrictField(FIELDS["keep_days"], load_default=DEFAULT_KEEP_DAYS)
    drop = StrictField(FIELDS["drop"], load_default=list)


@blueprint.operation(
    "GET",
    PATH,
    description="Off where nothing was ever set: `sample` is 0 then.",
    scope=Scope.PREDICT,
    responses={200: api_response("What is captured", "Capture")},
    errors=(503,),
)
def get_capture(model: str) -> Response:
    """What is captured of a model's requests."""
    store = services().registry.store
    return json_answer(run_in_thread(lambda: shown_capture(store, model, _read(store, model))))


@blueprint.operation(
    "PUT",
    PATH,
    description="Of the share `sample` of the requests, the same ids in every process, the raw instances and what was "
    "predicted are kept in the store for `keep_days`, without the columns that `drop` names. No request waits for it; "
    "what finds no room is counted in `onehot_captured_rows_dropped_total`. Who is asked next follows within a second "
    "or two.",
    body=json_media("CaptureRequest"),
    responses={200: api_response("What is captured from now on", "Capture")},
    errors=(415, 503, 507),
)
def set_capture(model: str) -> Response:
    """Sample a model's requests into the store."""
    require_content_type(request.content_type, JSON_TYPES, expected=JSON)
    document = _CaptureSchema().load(parse_object(read_body(request, limit_bytes=LIMIT_BYTES)))
    settings = CaptureSettings.of(document)
    run_in_thread(_change, services().registry.store, model, settings)
    services().pending_versions.wait_for_capture(model, settings.document)
    return json_answer(run_in_thread(shown_capture, services().registry.store, model, settings))


@blueprint.operation(
    "DELETE",
    PATH,
    description="What was captured stays until its days are over; `DELETE …/captured/{request_id}` erases a request's.",
    responses={204: api_response("It is off")},
    errors=(503, 507),
)
def end_capture(model: str) -> Response:
    """Sample no more of a model's requests."""
    settings = run_in_thread(_turn_off, services().registry.store, model)
    services().pending_versions.wait_for_capture(model, settings.document)
    return Response(status=HTTPStatus.NO_CONTENT)


@blueprint.operation(
    "GET",
    ROWS,
    description="Raw instances as they came, what was predicted, and the label where one is known: for those who "
    "label them. `onehot captured export` writes them to a file.",
    parameters=(SINCE, UNTIL, VERSION, LABELLED, ORDER, limit_parameter(DEFAULT_LIMIT)),
    responses={200: api_response("The rows", "CapturedRows")},
    errors=(503,),
)
def list_captured(model: str) -> Response:
    """Captured rows of a model."""
    source = rows_of_query(request, model)
    labelled, order = (
        choice_of(request, "labelled", ("true", "false")),
        choice_of(request, "order", ORDERS),
    )
    limit = limit_of(request) or DEFAULT_LIMIT
    store = services().registry.store
    run_in_thread(_require, store, model)
    services().captured.flush()
    quality, wanted = services().quality, None if labelled is None else labelled == "true"
    rows = run_in_thread(
        export_rows, store.objects, lambda: quality.known_here(model), source,
        labelled=wanted, is_least_sure_first=order == "least_sure", limit=limit,
    )  # fmt: skip
    return json_answer({"model": model, "rows": rows})


@blueprint.operation(
    "DELETE",
    f"{ROWS}/<path:request_id>",
    description="Its captured rows and its labels, wherever they are in the store, whatever it takes. Done again, it "
    "finds none.",
    responses={200: api_response("What was erased", "Erased")},
    errors=(503, 507),
)
def erase_captured(model: str, request_id: str) -> Response:
    """Erase what was captured of one request."""
    if re.fullmatch(REQUEST_ID, request_id) is None:
        raise InputError(where="request_id", expected="an X-Request-Id of a prediction", received=shown(request_id))
    store = services().registry.store
    run_in_thread(_require, store, model)
    services().captured.flush()
    erased: Erased = run_in_thread(erase_request, store.objects, model, request_id)
    return json_answer({"model": model, "request_id": request_id, "rows": erased.rows, "labels": erased.labels})


def _require(store: Store, model: str) -> None:
    if not is_model_name(model):
        raise ModelNotFound(model)
    store.resolve(model)


def _read(store: Store, model: str) -> CaptureSettings:
    _require(store, model)
    return read_capture(store, model)


def _change(store: Store, model: str, settings: CaptureSettings) -> None:
    _require(store, model)
    change_capture(store, model, settings)


def _turn_off(store: Store, model: str) -> CaptureSettings:
    """Days and columns stay: they hold for what was captured."""
    before = _read(store, model)
    settings = CaptureSettings(OFF.sample, before.keep_days, before.drop)
    change_capture(store, model, settings)
    return settings
