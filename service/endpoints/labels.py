"""Labels: movable names for versions. The store is asked, not the snapshot: another process may have just published."""

from http import HTTPStatus
from typing import Any

from flask import Response, request
from marshmallow import Schema, ValidationError, validates_schema

from models.errors import InputError, ModelNotFound, shown
from models.keras_catalog.argument_kinds import boolean, integer
from models.names import LARGEST_VERSION, is_label_name, is_model_name
from models.store.label_moves import Moved, move_label, planned_move, planned_rollback, roll_back
from models.store.store import Store
from service.auth.scopes import Scope
from service.blocking_calls import run_in_thread
from service.endpoints.strict_field import StrictField
from service.http.content_negotiation import JSON, JSON_TYPES, require_content_type
from service.http.context import caller, services
from service.http.request_bodies import parse_object, read_body
from service.http.responses import json_answer
from service.openapi.media import json_media
from service.openapi.operation import ApiBlueprint, api_response
from service.registry.registry import Registry

__all__ = ["blueprint"]

LIMIT_BYTES = 64 * 1024
PATH = "/v1/models/<name:model>/labels/<name:label>"

blueprint = ApiBlueprint("labels", __name__, tag="Models", scope=Scope.ADMIN)


class _LabelSchema(Schema):
    """The body of a PUT."""

    error_messages = {"unknown": "expected version, rollback, force and dry_run; received another name"}  # noqa: RUF012 -- marshmallow's way

    version = StrictField(integer(1, LARGEST_VERSION), load_default=None, allow_none=False)
    rollback = StrictField(boolean, load_default=False)
    force = StrictField(boolean, load_default=False)
    dry_run = StrictField(boolean, load_default=False)

    @validates_schema
    def _needs_target(self, data: dict[str, Any], **_: Any) -> None:
        if data["version"] is None and not data["rollback"]:
            raise ValidationError("expected a version, or rollback: true; received neither", "version")


@blueprint.operation(
    "PUT",
    PATH,
    description="Refused with 409 when the version's gate does not hold, unless `force` is true. With `rollback` it "
    "goes back to the version that it named before, or to `version`, whose files are checked first. With `dry_run` it "
    "only says what would come of it: where the label would go, or the verdict of the gate.",
    body=json_media("LabelRequest"),
    responses={200: api_response("It points there now, or with `dry_run` would", "LabelMoved")},
    errors=(409, 415, 503, 507),
)
def set_label(model: str, label: str) -> Response:
    """Move a label to a version."""
    _check_names(model, label)
    require_content_type(request.content_type, JSON_TYPES, expected=JSON)
    document = _LabelSchema().load(parse_object(read_body(request, limit_bytes=LIMIT_BYTES)))
    store = services().registry.store
    if document["dry_run"]:
        return _answer(store, model, label, run_in_thread(_planned, store, model, label, document), is_moved=False)
    moved = run_in_thread(_move, store, model, label, document, by=caller())
    answer = _answer(store, model, label, moved, is_moved=True)
    services().pending_versions.wait_for_label(model, label, moved.version)
    return answer


@blueprint.operation(
    "DELETE",
    PATH,
    description="Its version stays.",
    responses={204: api_response("It is gone")},
    errors=(400, 503, 507),
)
def delete_label(model: str, label: str) -> Response:
    """Take a label away."""
    _check_names(model, label)
    run_in_thread(_remove, services().registry, model, label)
    services().registry.look_soon()
    return Response(status=HTTPStatus.NO_CONTENT)


def _answer(store: Store, model: str, label: str, moved: Moved, *, is_moved: bool) -> Response:
    labels = run_in_thread(store.labels, model)
    places = {"version": moved.version, "previous": moved.previous}
    return json_answer({"model": model, "label": label, **places, "labels": labels, "moved": is_moved})


def _check_names(model: str, label: str) -> None:
    if not is_model_name(model):
        raise ModelNotFound(model)
    if not is_label_name(label):
        expected = "letters, digits and _, and not `latest`, which always means the highest number"
        raise InputError(where="label", expected=expected, received=shown(label))


def _move(store: Store, model: str, label: str, document: dict[str, Any], *, by: str) -> Moved:
    version, force = document["version"], document["force"]
    if document["rollback"]:
        return roll_back(store, model, label=label, to=version, by=by, force=force)
    return move_label(store, model, label, version, by=by, force=force)


def _planned(store: Store, model: str, label: str, document: dict[str, Any]) -> Moved:
    """What would come of it."""
    version, force = document["version"], document["force"]
    if document["rollback"]:
        return planned_rollback(store, model, label=label, to=version, force=force)
    return planned_move(store, model, label, version, force=force)


def _remove(registry: Registry, model: str, label: str) -> None:
    registry.store.resolve(model)
    registry.store.delete_label(model, label)
