"""Rollouts: a candidate that comes to answer step by step. The store is asked, not what this process knows."""

from collections.abc import Callable
from http import HTTPStatus

import structlog
from flask import Response, request

from models.errors import ModelNotFound, RolloutNotFound, RolloutRefused
from models.names import STABLE, is_model_name
from models.rollout import rollout_course
from models.rollout.rollout import PROMOTED, Rollout
from models.rollout.rollout_store import ROLLOUT_ID, RolloutStore
from models.rollout.shown_rollout import rollout_document, rollout_summary
from models.spec.rollout.rollout_plan import RolloutRequest, read_request
from models.store.store import Store
from service.auth.scopes import Scope
from service.blocking_calls import run_in_thread
from service.http.content_negotiation import JSON, JSON_TYPES, require_content_type
from service.http.context import caller, services
from service.http.query import CURSOR, cursor_of, limit_of, limit_parameter, next_page
from service.http.request_bodies import parse_object, read_body
from service.http.responses import json_answer
from service.openapi.media import json_media
from service.openapi.operation import ApiBlueprint, api_response
from service.registry.snapshot import Snapshot

__all__ = ["blueprint"]

LIMIT_BYTES = 64 * 1024
DEFAULT_LIMIT = 20
PATH = "/v1/models/<name:model>/rollout"
CANNOT_LOAD = "END"
SHOWN = {200: api_response("As it stands now", "Rollout")}
ERRORS = (409, 503, 507)
Course = Callable[..., Rollout]

log = structlog.get_logger("service")
blueprint = ApiBlueprint("rollouts", __name__, tag="Rollouts", scope=Scope.ADMIN)


@blueprint.operation(
    "PUT",
    PATH,
    description="The candidate computes what the default version answers (`shadow`), then answers a share of the "
    "requests (`canary`), step by step, watched by the guards; in the end `stable` moves to it, or everything goes "
    "back. 409 while another one is under way, where the candidate is the default version already or cannot be loaded, "
    "or where its gate does not hold.",
    body=json_media("RolloutRequest"),
    responses={200: api_response("It has begun", "Rollout")},
    errors=(409, 415, 503, 507),
)
def begin_rollout(model: str) -> Response:
    """Begin the rollout of a version."""
    _check_name(model)
    require_content_type(request.content_type, JSON_TYPES, expected=JSON)
    asked = read_request(parse_object(read_body(request, limit_bytes=LIMIT_BYTES)))
    _require_loadable(services().registry.snapshot, model, asked.candidate)
    begun = run_in_thread(_begun, services().registry.store, model, asked, by=caller())
    return _changed(begun)


@blueprint.operation(
    "GET",
    PATH,
    scope=Scope.PREDICT,
    description="Under way or ended, until another one begins: its step, what was counted in it, what each guard says "
    "of that, and its story. `frozen` says why nothing is decided at present.",
    responses=SHOWN,
    errors=(503,),
)
def get_rollout(model: str) -> Response:
    """The rollout of a model."""
    _check_name(model)
    found = run_in_thread(RolloutStore(services().registry.store, model).read)
    if found is None:
        raise RolloutNotFound(model)
    return _shown(found)


@blueprint.operation(
    "DELETE",
    PATH,
    description="One that is under way is stopped, and everything goes back to the default version. Its record stays.",
    responses={204: api_response("It is gone")},
    errors=(503, 507),
)
def delete_rollout(model: str) -> Response:
    """End the rollout, and take it away."""
    _check_name(model)
    ended = run_in_thread(rollout_course.stopped, services().registry.store, model, by=caller())
    _announce(ended)
    return Response(status=HTTPStatus.NO_CONTENT)


@blueprint.operation(
    "POST", f"{PATH}/promote", description="`stable` moves to it now, through its gate.", responses=SHOWN, errors=ERRORS
)
def promote_rollout(model: str) -> Response:
    """Make the candidate the default version at once, past the steps that are left."""
    _check_name(model)
    promoted = run_in_thread(rollout_course.promoted, services().registry.store, model, by=caller())
    _announce(promoted)
    if promoted.state == PROMOTED:
        services().pending_versions.wait_for_label(model, STABLE, promoted.candidate)
    return _shown(promoted)


@blueprint.operation(
    "POST", f"{PATH}/rollback", description="The default version answers every request.", responses=SHOWN, errors=ERRORS
)
def roll_back_rollout(model: str) -> Response:
    """End the rollout, and send everything back to the default version."""
    return _sent(model, rollout_course.rolled_back)


@blueprint.operation(
    "POST",
    f"{PATH}/pause",
    description="The step stays as it is, for how long ever: each caller stays on its side. Guards go on watching.",
    responses=SHOWN,
    errors=ERRORS,
)
def pause_rollout(model: str) -> Response:
    """Hold the rollout in its step."""
    return _sent(model, rollout_course.paused)


@blueprint.operation(
    "POST",
    f"{PATH}/resume",
    description="Its step begins again: what was counted before is left to the story.",
    responses=SHOWN,
    errors=ERRORS,
)
def resume_rollout(model: str) -> Response:
    """Let a paused rollout go on."""
    return _sent(model, rollout_course.resumed)


@blueprint.operation(
    "GET",
    "/v1/models/<name:model>/rollouts",
    scope=Scope.PREDICT,
    description="In pages; each without its plan and its story.",
    parameters=(limit_parameter(DEFAULT_LIMIT), CURSOR),
    responses={200: api_response("The ended rollouts", "Rollouts")},
    errors=(400, 503),
)
def list_rollouts(model: str) -> Response:
    """The records of a model's ended rollouts, the newest first."""
    _check_name(model)
    limit, after = limit_of(request) or DEFAULT_LIMIT, cursor_of(request, _place)
    page, cursor = run_in_thread(_page, services().registry.store, model, limit, after)
    return json_answer({"rollouts": [rollout_summary(one) for one in page], **next_page(cursor)})


@blueprint.operation(
    "GET",
    "/v1/models/<name:model>/rollouts/<name:rollout_id>",
    scope=Scope.PREDICT,
    description="The whole of it: its plan, each step with its figures, and why it ended.",
    responses={200: api_response("The record", "Rollout")},
    errors=(503,),
)
def get_rollout_record(model: str, rollout_id: str) -> Response:
    """The record of one ended rollout."""
    _check_name(model)
    return json_answer(
        rollout_document(run_in_thread(RolloutStore(services().registry.store, model).record, rollout_id))
    )


def _check_name(model: str) -> None:
    if not is_model_name(model):
        raise ModelNotFound(model)


def _require_loadable(snapshot: Snapshot, model: str, candidate: int) -> None:
    """Refuse a candidate that this service tried to load, and could not."""
    known = snapshot.models.get(model)
    status = known.versions.get(candidate) if known is not None else None
    if status is not None and status.state == CANNOT_LOAD and status.reason:
        raise RolloutRefused(model, reason=f"version {candidate} cannot be loaded: {status.reason}")


def _begun(store: Store, model: str, asked: RolloutRequest, *, by: str) -> Rollout:
    return rollout_course.begin_rollout(store, model, asked.candidate, asked.plan, by=by)


def _sent(model: str, course: Course) -> Response:
    _check_name(model)
    return _changed(run_in_thread(course, services().registry.store, model, by=caller()))


def _changed(rollout: Rollout) -> Response:
    _announce(rollout)
    return _shown(rollout)


def _announce(rollout: Rollout) -> None:
    """Write the change down, and let all processes follow it soon."""
    log.info(
        "rollout changed", model=rollout.model, rollout=rollout.id, candidate=rollout.candidate, state=rollout.state,
        step=rollout.step, by=caller(), reason=rollout.reason,
    )  # fmt: skip
    services().registry.look_soon()


def _shown(rollout: Rollout) -> Response:
    if not rollout.is_under_way:
        return json_answer(rollout_document(rollout))
    now = services().rollouts.shown(rollout.model, rollout)
    return json_answer(rollout_document(rollout, now.figures, frozen=now.frozen))


def _page(store: Store, model: str, limit: int, after: str | None) -> tuple[list[Rollout], str | None]:
    rollouts = RolloutStore(store, model)
    ids = [one for one in rollouts.record_ids() if after is None or one < after]
    page = [rollouts.record(one) for one in ids[:limit]]
    return page, page[-1].id if len(page) < len(ids) else None


def _place(cursor: str) -> str | None:
    """A cursor is the id of the last rollout of a page."""
    return cursor if ROLLOUT_ID.fullmatch(cursor) else None
