"""True labels of rows that were predicted: told late, twice, in any order."""

import time
from http import HTTPStatus
from typing import Any

from flask import Response, request
from marshmallow import Schema, fields, validate

from models.capture.feedback_items import FIELDS, FeedbackItem
from service.auth.scopes import Scope
from service.endpoints.strict_field import StrictField
from service.http.content_negotiation import JSON, JSON_TYPES, require_content_type
from service.http.context import services
from service.http.request_bodies import parse_object, read_body
from service.http.responses import json_answer
from service.openapi.media import json_media
from service.openapi.operation import ApiBlueprint, api_response

__all__ = ["blueprint"]

MOST_ITEMS = 10_000
UNKNOWN = {"unknown": "expected request_id, index, label and model; received another name"}

blueprint = ApiBlueprint("feedback", __name__, tag="Learning from production", scope=Scope.PREDICT)


class _ItemSchema(Schema):
    """One label."""

    error_messages = UNKNOWN

    request_id = StrictField(FIELDS["request_id"], required=True)
    index = StrictField(FIELDS["index"], load_default=0)
    label = StrictField(FIELDS["label"], required=True)
    model = StrictField(FIELDS["model"], load_default=None, allow_none=False)


class _ItemsSchema(Schema):
    """Several labels."""

    error_messages = {"unknown": "expected items alone, or the parts of one item; received another name"}  # noqa: RUF012 -- as above

    items = fields.List(
        fields.Nested(_ItemSchema),
        required=True,
        validate=validate.Length(1, MOST_ITEMS, error="expected 1 to 10000 items; received another number"),
    )


@blueprint.operation(
    "POST",
    "/v1/feedback",
    description="Of rows that were captured; a label of another row is kept, and counts nowhere. The label that comes "
    "last holds, so the same one may come twice. A class is meant by its name, or by its index where none is called "
    "so; a regression's label is a number. A second after the answer it is in the store.",
    body=json_media("Feedback"),
    responses={202: api_response("They are taken", "FeedbackTaken")},
    errors=(415, 503),
)
def take_feedback() -> Response:
    """Tell the true labels of predicted rows."""
    require_content_type(request.content_type, JSON_TYPES, expected=JSON)
    document = parse_object(read_body(request, limit_bytes=services().settings.max_body_bytes))
    items = _read(document)
    services().captured.take_labels(items)
    return json_answer({"accepted": len(items)}, status=HTTPStatus.ACCEPTED)


def _read(document: dict[str, Any]) -> list[FeedbackItem]:
    received_ns = time.time_ns()
    are_several = "items" in document
    read = _ItemsSchema().load(document)["items"] if are_several else [_ItemSchema().load(document)]
    return [FeedbackItem(received_ns, one["request_id"], one["index"], one["label"], one["model"]) for one in read]
