"""Uploaded data sets: a file in, a `dataset://…` out that a spec can name; listed, looked at, deleted."""

from contextlib import AbstractContextManager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from typing import Any

import structlog
from flask import Response, request

from models.errors import InputError
from models.retention.dataset_use import trained_on
from models.sources.expansion import check_expanded
from models.store.datasets import DatasetInfo, Datasets, dataset_ending
from models.store.store import Store
from service.auth.scopes import Scope
from service.blocking_calls import run_in_thread
from service.errors import DatasetInUse, QueueUnavailable
from service.http.content_negotiation import mimetype_of
from service.http.context import caller, request_context, services
from service.http.forwarded_prefix import location_of
from service.http.multipart import is_multipart
from service.http.query import CURSOR, limit_parameter, page_by_name
from service.http.responses import json_answer
from service.http.uploads import UploadSpace, gathered_body, unpacked_file
from service.jobs.data_preview.memory import MemoryBounds
from service.jobs.data_preview.row_counts import count_rows
from service.openapi.json_schema import pattern
from service.openapi.media import FILE_FORM, binary_media, text_media
from service.openapi.operation import ApiBlueprint, api_response, query_parameter
from service.registry.registry import Registry

__all__ = ["blueprint"]

ENDING_OF_TYPE = {
    "application/x-npz": ".npz", "application/x-npy": ".npy", "text/csv": ".csv", "text/tab-separated-values": ".tsv",
    "application/json": ".json",
    "application/vnd.apache.parquet": ".parquet", "application/x-ndjson": ".ndjson", "application/jsonl": ".jsonl",
    "application/zip": ".zip", "application/x-zip-compressed": ".zip",
}  # fmt: skip
"""What completes a name without an ending."""

NAME = query_parameter(
    "name",
    pattern("^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"),
    "A file name; its ending says what kind of file it is, else the content type does. A form's file has its own name",
    example="iris.csv",
)

TRAINED = (
    "A few of the versions that were trained on it, `model/version`, or `none`; `onehot reproduce` of them needs it"
)

log = structlog.get_logger("service")
blueprint = ApiBlueprint("datasets", __name__, tag="Data sets", scope=Scope.TRAIN)


@blueprint.operation(
    "POST",
    "/v1/datasets",
    description="The file as the body, or as the only file of a form: `.npz`, `.npy`, `.csv`, `.tsv`, either as `.gz`, "
    "`.parquet`, `.json`, `.jsonl`, `.ndjson`, or a `.zip` of a folder of images with one sub-folder a class. "
    "The answer's `source` is what a spec says in `data.source`. The same content gives the same data set. "
    "Pickles are never loaded.",
    parameters=(NAME,),
    body=binary_media("application/octet-stream")
    | text_media("text/csv")
    | binary_media("application/vnd.apache.parquet", "application/x-npz")
    | FILE_FORM,
    responses={201: api_response("It can be named in a spec", "Dataset", Location="The data set")},
    errors=(503, 507),
)
def upload_dataset() -> Response:
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
    description="With their size and number of rows; in pages, where `limit` asks for them.",
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
    "GET",
    "/v1/datasets/<name:reference>",
    description="A name means the newest upload under it.",
    responses={200: api_response("The data set", "Dataset")},
    errors=(503,),
)
def get_dataset(reference: str) -> Response:
    """The data set that a name or a digest means."""
    registry = services().registry
    return json_answer(_document(run_in_thread(lambda: _datasets(registry).find(reference))))


@blueprint.operation(
    "DELETE",
    "/v1/datasets/<name:reference>",
    description="Refused with 409 while a job that waits or runs reads it. Versions that were trained on it stay.",
    responses={204: api_response("It is gone", X_Onehot_Trained_Versions=TRAINED)},
    errors=(409, 503),
)
def delete_dataset(reference: str) -> Response:
    """Take a data set away."""
    registry = services().registry
    info = run_in_thread(lambda: _datasets(registry).find(reference))
    store = registry.store
    _require_unused(store, reference, info.sha256)
    trained = run_in_thread(trained_on, store, info.sha256)
    run_in_thread(lambda: Datasets(store.objects).delete(reference))
    log.info("data set deleted", name=info.name, sha256=info.sha256, by=caller())
    return Response(status=HTTPStatus.NO_CONTENT, headers={"X-Onehot-Trained-Versions": ", ".join(trained) or "none"})


def _require_unused(store: Store, reference: str, digest: str) -> None:
    """Check that no job needs it; while the queue is away, no job can be asked, and one that fails says why."""
    used = _used_by_jobs()
    datasets = Datasets(store.objects)
    needed = run_in_thread(lambda: [job_id for name, job_id in used.items() if datasets.is_meant(digest, by=name)])
    if needed:
        raise DatasetInUse(reference, needed[0])


def _used_by_jobs() -> dict[str, str]:
    with suppress(QueueUnavailable):
        jobs = services().jobs
        from service.jobs.active_jobs import datasets_in_use  # noqa: PLC0415 -- it needs the queue's library, which is loaded by now

        return datasets_in_use(jobs)
    return {}


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
    check_expanded(path, "body", most_bytes=bounds.data_bytes)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return _datasets(registry).put(name, path, created_at=now, count_rows=count_rows)


def _document(info: DatasetInfo) -> dict[str, Any]:
    return {"source": info.source, **asdict(info)}
