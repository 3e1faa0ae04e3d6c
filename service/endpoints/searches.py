"""Searches for hyperparameters: submit, list, look at, cancel, follow."""

import time
from collections.abc import Collection, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Response, request

from models.errors import Problem, SpecError, StoreUnavailable
from models.searches.search_document import SEARCH_ID
from service.auth.scopes import Scope
from service.blocking_calls import run_in_thread
from service.endpoints.jobs import IDEMPOTENCY_KEY, LAST_EVENT_ID, STREAM_HEADERS, read_key, read_submission
from service.errors import QueueUnavailable, SearchNotFound
from service.http.context import services
from service.http.forwarded_prefix import location_of
from service.http.query import CURSOR, choice_of, cursor_of, limit_of, limit_parameter, next_page
from service.http.responses import json_answer
from service.openapi.json_schema import STRING, enumeration
from service.openapi.media import event_stream_media, json_media
from service.openapi.operation import ApiBlueprint, api_response, query_parameter
from service.openapi.search_schemas import CANCELED_SEARCH, NEW_SEARCH, SEARCH_STATUSES, SEARCHED_SPEC
from service.registry.registry import Registry

if TYPE_CHECKING:
    from service.jobs.search_queue import SearchQueue
    from service.jobs.training_queue import Jobs

__all__ = ["blueprint"]

DEFAULT_LIMIT = 50
POLL_S = 0.5
STATUS = query_parameter("status", enumeration(*SEARCH_STATUSES), "Only searches of this status", example="running")
MODEL = query_parameter("model", STRING, "Only searches of this model", example="iris")
KEY = IDEMPOTENCY_KEY | {"description": "The same key with the same spec gives the same search; with another spec 409"}
EVENTS = (
    "retry: 1000\n\n"
    'id: 0\nevent: trial\ndata: {"event":"trial","trial":0,"rung":0,"repeat":0,"status":"finished","value":0.91,'
    '"epochs":5,"error":null,"parameters":{},"best":{"trial":0,"value":0.91},"trial_count":24}\n\n'
    'id: 1\nevent: end\ndata: {"event":"end","status":"finished"}\n\n'
)

blueprint = ApiBlueprint("searches", __name__, tag="Searches", scope=Scope.TRAIN)


@blueprint.operation(
    "POST",
    "/v1/searches",
    description="A spec with `search`: what is tried, how often, and what decides. Everything that is wrong in it is "
    "reported at once, each with its path.",
    parameters=(KEY,),
    body=json_media("Spec", "application/json", "application/yaml", example=SEARCHED_SPEC),
    responses={202: api_response("It is queued", json_media("Search", example=NEW_SEARCH), Location="The search")},
    errors=(409, 415, 503),
)
def submit_search() -> Response:
    """Start the search that a spec describes."""
    key = read_key(request)
    spec, data, written = read_submission(request)
    if spec.search is None:
        raise SpecError([Problem("search", "what is searched: at least `space`", "nothing")])
    found = _searches().submit(spec, written, data, key=key)
    location = location_of(f"/v1/searches/{found['id']}", request)
    return json_answer(_shown(found), status=HTTPStatus.ACCEPTED, headers={"Location": location})


@blueprint.operation(
    "GET",
    "/v1/searches",
    description="However long ago they were, in pages; each without its spec and its trials.",
    parameters=(STATUS, MODEL, limit_parameter(DEFAULT_LIMIT), CURSOR),
    responses={200: api_response("The searches", "Searches")},
    errors=(400, 503),
)
def list_searches() -> Response:
    """The searches in the store, the newest first."""
    status, model = choice_of(request, "status", SEARCH_STATUSES), request.args.get("model")
    limit, after = limit_of(request) or DEFAULT_LIMIT, cursor_of(request, _place)
    found, cursor = _searches().page(model=model, status=status, limit=limit, after=after)
    from service.jobs.shown_search import search_summary  # noqa: PLC0415 -- it needs what reads specs, loaded by now

    summaries = run_in_thread(lambda: [search_summary(one) for one in found])
    return json_answer({"searches": summaries, **next_page(cursor)})


@blueprint.operation(
    "GET",
    "/v1/searches/<name:search_id>",
    description="As it stands now: each trial with its parameters, its value, and the jobs that train it, each of "
    "which is a run, too.",
    responses={200: api_response("The search", "Search")},
    errors=(503,),
)
def get_search(search_id: str) -> Response:
    """One search: its trials with their values and jobs, the best, the winner."""
    searches = _searches()
    document = searches.get(search_id)
    return json_answer(_shown(document, searches.waiting(document)))


@blueprint.operation(
    "DELETE",
    "/v1/searches/<name:search_id>",
    description="What its trials told is kept; no version is published. 409 when it has finished or failed already.",
    responses={202: api_response("It was asked", json_media("Search", example=CANCELED_SEARCH))},
    errors=(409, 503),
)
def cancel_search(search_id: str) -> Response:
    """End a search: trials that wait never start, those that train stop by themselves."""
    return json_answer(_shown(_searches().cancel(search_id)), status=HTTPStatus.ACCEPTED)


@blueprint.operation(
    "GET",
    "/v1/searches/<name:search_id>/events",
    description="Server-sent events: `trial` with its value and the best one so far, then one `end` with the search's "
    "status. A client that lost the connection comes back with `Last-Event-ID`.",
    parameters=(LAST_EVENT_ID,),
    responses={
        200: api_response("The events", event_stream_media(EVENTS)),
        204: api_response("The end was seen already: do not come again"),
    },
    errors=(400, 503),
)
def follow_search(search_id: str) -> Response:
    """A search's events as they come: one for each job of a trial that has ended, then the end."""
    searches = _searches()
    from service.jobs.event_stream import read_last_event_id  # noqa: PLC0415 -- it needs the queue's library, loaded by now
    from service.jobs.shown_search import events_of  # noqa: PLC0415 -- as above

    start = read_last_event_id(request.headers.get("Last-Event-ID"))
    events = run_in_thread(events_of, searches.get(search_id))
    if start >= len(events) > 0 and events[-1]["event"] == "end":
        return Response(status=HTTPStatus.NO_CONTENT)  # tells an EventSource to stop asking
    stops = services().registry.coordinator
    chunks = iter(()) if request.method == "HEAD" else _chunks(searches, search_id, start, lambda: stops.is_stopping)
    return Response(chunks, headers=STREAM_HEADERS, content_type="text/event-stream")


def _chunks(searches: "SearchQueue", search_id: str, index: int, is_ending: Any) -> Iterator[bytes]:
    """Events from an index on; it ends early when the store is away or the service is about to end."""
    from service.jobs.event_stream import HEARTBEAT, HEARTBEAT_S, chunks_of  # noqa: PLC0415 -- as above
    from service.jobs.shown_search import events_of  # noqa: PLC0415 -- as above

    yield b"retry: 1000\n\n"
    e_tag, silent_s = None, 0.0
    while not is_ending():
        try:
            changed = searches.read_if_changed(search_id, e_tag)
        except (StoreUnavailable, QueueUnavailable, SearchNotFound):
            return
        events: list[dict[str, Any]] = []
        if changed is not None and changed[0]:
            document, e_tag = changed
            events = run_in_thread(events_of, document)[index:]
        yield from chunks_of(index, events)
        index += len(events)
        if events and events[-1]["event"] == "end":
            return
        silent_s = 0.0 if events else silent_s + POLL_S
        if silent_s >= HEARTBEAT_S:
            silent_s = 0.0
            yield HEARTBEAT
        time.sleep(POLL_S)


def _searches() -> "SearchQueue":
    """The searches; what they need is loaded, and the store opened, beside the event loop."""
    return run_in_thread(_opened, services().jobs, services().registry)


def _opened(jobs: "Jobs", registry: Registry) -> "SearchQueue":
    from service.jobs import shown_search  # noqa: F401, PLC0415 -- loaded for what follows: it reads specs
    from service.jobs.search_queue import SearchQueue  # noqa: PLC0415 -- it needs the queue's library

    return SearchQueue(jobs, registry.store)


def _shown(document: dict[str, Any], waiting: Collection[str] = ()) -> dict[str, Any]:
    from service.jobs.shown_search import search_document  # noqa: PLC0415 -- it needs what reads specs, loaded by now

    return run_in_thread(search_document, document, waiting=waiting)


def _place(cursor: str) -> str | None:
    """A cursor is the id of the last search of a page."""
    return cursor if SEARCH_ID.fullmatch(cursor) else None
