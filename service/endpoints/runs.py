"""Runs: the records of trainings that have ended; listed, looked at, compared, tagged."""

from typing import Any

from flask import Response, request
from marshmallow import Schema, ValidationError, validates_schema

from models.errors import InputError, shown
from models.runs import comparison, run_list
from models.runs.comparison import FEWEST, MOST
from models.runs.person_fields import check_note, check_tags
from models.runs.record import complete_record
from models.runs.run_list import ENDED_STATUSES, RunFilter, RunPlace, RunSort
from models.runs.summary import Summary
from models.store.gate_verdict import gate_verdict
from models.store.runs import change_run, find_run, is_run_id, read_run
from models.store.store import Store
from service.auth.scopes import Scope
from service.blocking_calls import run_in_thread, several_at_once
from service.endpoints.strict_field import StrictField
from service.errors import RunNotFound
from service.http.content_negotiation import JSON, JSON_TYPES, require_content_type
from service.http.context import services
from service.http.query import CURSOR, choice_of, cursor_of, limit_of, limit_parameter, next_page
from service.http.request_bodies import parse_object, read_body
from service.http.responses import json_answer
from service.openapi.json_schema import STRING, array, enumeration
from service.openapi.media import json_media
from service.openapi.operation import ApiBlueprint, api_response, query_parameter
from service.openapi.run_schemas import SOME_RUN
from service.runs.run_index import RunIndex

__all__ = ["blueprint"]

LIMIT_BYTES = 256 * 1024
DEFAULT_LIMIT, DEFAULT_SORT = 100, "-created_at"
MOST_PARAMETERS = 50
MODEL = query_parameter("model", STRING, "Only trainings of this model", example="iris")
STATUS = query_parameter("status", enumeration(*ENDED_STATUSES), "Only runs of this status", example="finished")
TAG = query_parameter(
    "tag", array(STRING), "Only runs with this tag; given several times, with all of them", example=["baseline"]
)
SORT = query_parameter(
    "sort",
    {"type": "string", "default": DEFAULT_SORT},
    "`created_at`, `started_at`, `ended_at`, `duration_s`, `model`, `status`, `version`, `epochs`, or `metrics.` and "
    "the name of a metric; with `-` before it the largest first. Runs without a value are last",
    example="-metrics.accuracy",
)
PARAMETERS = query_parameter(
    "parameter",
    array(STRING, maxItems=MOST_PARAMETERS),
    "A path of the spec, as `fit.batch_size`, whose value each run then has in `parameters`; may come several times",
    example=["fit.batch_size"],
)
IDS = query_parameter(
    "id",
    array(STRING, minItems=FEWEST, maxItems=MOST),
    "2 to 20 runs, one `id=` each; the first is what the others' confusion is compared with",
    required=True,
    example=[SOME_RUN, SOME_RUN[::-1]],
)

blueprint = ApiBlueprint("runs", __name__, tag="Runs", scope=Scope.TRAIN)


class _PatchSchema(Schema):
    """The body of a PATCH."""

    error_messages = {"unknown": "expected tags and note, which are all that changes; received another name"}  # noqa: RUF012 -- marshmallow's way

    tags = StrictField(check_tags)
    note = StrictField(check_note)

    @validates_schema
    def _needs_change(self, data: dict[str, Any], **_: Any) -> None:
        if not data:
            raise ValidationError("expected tags, note or both; received neither", "tags")


@blueprint.operation(
    "GET",
    "/v1/runs",
    description="Every training that has ended, also one that failed or was canceled, however long ago: what the "
    "store has of them. Jobs that wait or run are in `GET /v1/jobs`.",
    parameters=(MODEL, STATUS, TAG, SORT, PARAMETERS, limit_parameter(DEFAULT_LIMIT), CURSOR),
    responses={200: api_response("The runs", "Runs")},
    errors=(400, 503),
)
def list_runs() -> Response:
    """The records of trainings that have ended."""
    args = request.args
    wanted = RunFilter(
        model=args.get("model"), status=choice_of(request, "status", ENDED_STATUSES), tags=tuple(args.getlist("tag"))
    )
    limit, after = limit_of(request) or DEFAULT_LIMIT, cursor_of(request, RunPlace.read)
    known = services().runs.look()
    sort = RunSort.read(args.get("sort", DEFAULT_SORT))
    runs, cursor = run_list.list_runs(known, wanted, sort=sort, limit=limit, after=after)
    return json_answer({"runs": _with_parameters(runs, args.getlist("parameter")), **next_page(cursor)})


@blueprint.operation(
    "GET",
    "/v1/runs/compare",
    description="What differs in their specs, test metrics with intervals of 95 %, curves, McNemar's exact test for "
    "each two that were measured on the same test rows, and the cells of the confusion matrix that differ the most.",
    parameters=(IDS,),
    responses={200: api_response("Side by side", "RunComparison")},
    errors=(400, 404, 503),
)
def compare_runs() -> Response:
    """Two to twenty runs side by side."""
    ids = request.args.getlist("id")
    if not FEWEST <= len(set(ids)) == len(ids) <= MOST:
        expected = f"{FEWEST} to {MOST} different runs, one `id=` each"
        raise InputError(where="id", expected=expected, received=", ".join(map(shown, ids[: MOST + 1])) or "none")
    services().runs.look()  # so that it is known whose runs they are
    return json_answer(run_in_thread(_compared, services().runs, services().registry.store, ids))


@blueprint.operation(
    "GET",
    "/v1/runs/<run:run_id>",
    description="As the store has it, however long ago it was. A training that has not ended is no run yet, and 404: "
    "it is a job.",
    responses={200: api_response("The run", "Run")},
    errors=(503,),
)
def get_run(run_id: str) -> Response:
    """One run: specs, what differs from the run before, data, history, metrics, gate, timings, error, tags, note."""
    return json_answer(_shown(run_in_thread(_found, services().runs, services().registry.store, run_id)))


@blueprint.operation(
    "PATCH",
    "/v1/runs/<run:run_id>",
    description="Nothing else of a record ever changes. What is not given stays; changes at the same time do not "
    "undo each other.",
    body=json_media("RunPatch"),
    responses={200: api_response("The run as it is now", "Run")},
    errors=(400, 415, 503, 507),
)
def update_run(run_id: str) -> Response:
    """Change the tags and the note of a run."""
    require_content_type(request.content_type, JSON_TYPES, expected=JSON)
    changes = _PatchSchema().load(parse_object(read_body(request, limit_bytes=LIMIT_BYTES)))
    return json_answer(_shown(run_in_thread(_changed, services().runs, services().registry.store, run_id, changes)))


def _shown(record: dict[str, Any]) -> dict[str, Any]:
    return {**record, "verdict": gate_verdict(record["gate"])}


def _with_parameters(runs: list[Summary], paths: list[str]) -> list[Summary]:
    if len(paths) > MOST_PARAMETERS:
        raise InputError(where="parameter", expected=f"at most {MOST_PARAMETERS} paths", received=str(len(paths)))
    if not paths:
        return runs
    known = services().runs.parameters
    return [{**run, "parameters": {path: known(str(run["id"])).get(path) for path in paths}} for run in runs]


def _found(index: RunIndex, store: Store, run_id: str) -> dict[str, Any]:
    """A record as the store has it now, with every field."""
    record = None
    if is_run_id(run_id):
        model = index.find_model(run_id)
        record = None if model is None else read_run(store, model, run_id)
        record = record or find_run(store, run_id, ask=lambda read, names: several_at_once(read, names).values())
    if record is None:
        raise RunNotFound(run_id)
    return complete_record(record)


def _changed(index: RunIndex, store: Store, run_id: str, changes: dict[str, Any]) -> dict[str, Any]:
    model = str(_found(index, store, run_id)["model"])
    record = change_run(store, model, run_id, changes)
    if record is None:
        raise RunNotFound(run_id)
    return complete_record(record)


def _compared(index: RunIndex, store: Store, ids: list[str]) -> dict[str, Any]:
    records = several_at_once(lambda run_id: index.read(run_id) or _found(index, store, run_id), ids)
    return comparison.compare_runs([records[run_id] for run_id in ids])
