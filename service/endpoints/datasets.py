"""Uploaded data sets: a file in, a `dataset://…` out that a spec can name; listed, looked at, deleted."""

from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from typing import Any

from flask import Response, request

from models.errors import InputError
from models.store.datasets import DatasetInfo, Datasets, dataset_ending
from service.auth.scopes import Scope
from service.blocking_calls import run_in_thread
from service.http.content_negotiation import mimetype_of
from service.http.context import request_context, services
from service.http.forwarded_prefix import location_of
from service.http.multipart import is_multipart
from service.http.query import CURSOR, limit_parameter, page_by_name
from service.http.responses import json_answer
from service.http.uploads import UploadSpace, gathered_body, unpacked_file
from service.jobs.data_preview.memory import MemoryBounds, check_expanded
from service.jobs.data_preview.row_counts import count_rows
from service.openapi.json_schema import pattern
from service.openapi.operation import FILE_FORM, ApiBlueprint, api_response, binary_media, query_parameter
from service.registry.registry import Registry

__all__ = ["blueprint"]

ENDING_OF_TYPE = {
    "application/x-npz": ".npz", "application/x-npy": ".npy", "text/csv": ".csv", "text/tab-separated-values": ".tsv",
    "application/json": ".json",
    "application/vnd.apache.parquet": ".parquet", "application/x-ndjson": ".ndjson", "application/jsonl": ".jsonl",
}  # fmt: skip
"""What completes a name without an ending."""

NAME = query_parameter(
    "name",
    pattern("^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"),
    "A file name; its ending says what kind of file it is, else the content type does. A form's file has its own name",
    example="iris.csv",
)

blueprint = ApiBlueprint("datasets", __name__, tag="Data sets", scope=Scope.TRAIN)


@blueprint.operation(
    "POST",
    "/v1/datasets",
    description="`.npz`, `.npy`, `.csv`, `.tsv`, either as `.gz`, `.parquet`, `.json`, `.jsonl`, `.ndjson`. "
    "Pickles are never loaded.",
    parameters=(NAME,),
    body=binary_media("application/octet-stream", "text/csv", "application/vnd.apache.parquet", "application/x-npz")
    | FILE_FORM,
    responses={201: api_response("It can be named in a spec", "Dataset", Location="The data set")},
    errors=(503, 507),
)
def upload() -> Response:
    """Keep a data file under its digest."""
    name, content_type, registry = request.args.get("name", ""), request.content_type or "", services().registry
    bounds = MemoryBounds.of(services().settings)
    if is_multipart(content_type):
        with _gathered("") as form:
            space = services().upload_space
            info = run_in_thread(_keep_file_of_form, registry, name, form, content_type, bounds, space)
    else:
        name = _named(name, request.mimetype)
        with _gathered(dataset_ending(name)) as path:
            info = run_in_thread(_keep, registry, name, path, bounds)
    location = location_of(f"/v1/datasets/{info.sha256}", request)
    return json_answer(_document(info), status=HTTPStatus.CREATED, headers={"Location": location})


@blueprint.operation(
    "GET",
    "/v1/datasets",
    parameters=(limit_parameter(), CURSOR),
    responses={200: api_response("By name", "Datasets")},
    errors=(503,),
)
def list_datasets() -> Response:
    """Every uploaded data set."""
    registry = services().registry
    found = run_in_thread(lambda: _datasets(registry).uploaded())
    page, more = page_by_name(request, found, lambda info: f"{info.name} {info.sha256}")
    return json_answer({"datasets": [_document(info) for info in page], **more})


@blueprint.operation(
    "GET", "/v1/datasets/<name:reference>", responses={200: api_response("The data set", "Dataset")}, errors=(503,)
)
def show(reference: str) -> Response:
    """The data set that a name or a digest means."""
    registry = services().registry
    return json_answer(_document(run_in_thread(lambda: _datasets(registry).find(reference))))


@blueprint.operation(
    "DELETE", "/v1/datasets/<name:reference>", responses={204: api_response("It is gone")}, errors=(503,)
)
def delete(reference: str) -> Response:
    """Take a data set away; versions that were trained on it stay."""
    registry = services().registry
    run_in_thread(lambda: _datasets(registry).delete(reference))
    return Response(status=HTTPStatus.NO_CONTENT)


def _gathered(suffix: str) -> AbstractContextManager[Path]:
    """The body as a file."""
    settings, ticket = services().settings, request_context().ticket
    return gathered_body(
        request, suffix=suffix, limit_bytes=settings.max_body_bytes, patience_s=settings.request_timeout_s,
        space=services().upload_space, on_progress=(lambda: None) if ticket is None else ticket.renew,
    )  # fmt: skip


def _keep_file_of_form(
    registry: Registry, name: str, form: Path, content_type: str, bounds: MemoryBounds, space: UploadSpace
) -> DatasetInfo:
    """Keep the only file of a form, under its own name where none is given."""
    with unpacked_file(form, content_type, space) as (part, path):
        name = _named(name or part.filename, mimetype_of(part.content_type))
        return _keep(registry, name, path.rename(path.with_suffix(dataset_ending(name))), bounds)


def _named(name: str, mimetype: str) -> str:
    """The name, completed by what the content type says."""
    if not name:
        raise InputError(where="name", expected="?name= with a file name such as iris.csv", received="nothing")
    return name if PurePosixPath(name).suffix else name + ENDING_OF_TYPE.get(mimetype, "")


def _datasets(registry: Registry) -> Datasets:
    store = registry.store
    store.require_folder()  # else an upload would make it anew
    return Datasets(store.objects)


def _keep(registry: Registry, name: str, path: Path, bounds: MemoryBounds) -> DatasetInfo:
    check_expanded(path, "body", bounds)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return _datasets(registry).put(name, path, created_at=now, count_rows=count_rows)


def _document(info: DatasetInfo) -> dict[str, Any]:
    return {"source": info.source, **asdict(info)}
