"""Uploaded data sets: a file in, a `dataset://…` out that a spec can name; listed, looked at, deleted."""

from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from typing import Any

from flask import Blueprint, Response, request

from models.errors import InputError
from models.store.datasets import DatasetInfo, Datasets, dataset_ending
from service.blocking_calls import run_in_thread
from service.http.context import request_context, services
from service.http.responses import json_answer
from service.http.uploads import gathered_body
from service.jobs.data_preview.row_counts import count_rows
from service.registry.registry import Registry

__all__ = ["blueprint"]

ENDING_OF_TYPE = {
    "application/x-npz": ".npz", "application/x-npy": ".npy", "text/csv": ".csv", "application/json": ".json",
    "application/vnd.apache.parquet": ".parquet", "application/x-ndjson": ".ndjson", "application/jsonl": ".jsonl",
}  # fmt: skip
"""What completes a name without an ending."""

blueprint = Blueprint("datasets", __name__)


@blueprint.post("/v1/datasets")
def upload() -> Response:
    """Keep a data file under its digest; the name means it from now on."""
    name = _named(request.args.get("name"), request.mimetype)
    settings, ticket = services().settings, request_context().ticket
    on_progress = (lambda: None) if ticket is None else ticket.renew
    with gathered_body(
        request, suffix=dataset_ending(name), limit_bytes=settings.max_body_bytes,
        patience_s=settings.request_timeout_s, on_progress=on_progress,
    ) as path:  # fmt: skip
        info = run_in_thread(_keep, services().registry, name, path)
    return json_answer(_document(info), status=HTTPStatus.CREATED, headers={"Location": f"/v1/datasets/{info.sha256}"})


@blueprint.get("/v1/datasets")
def list_datasets() -> Response:
    """Every uploaded data set."""
    found = run_in_thread(_list, services().registry)
    return json_answer({"datasets": [_document(info) for info in found]})


@blueprint.get("/v1/datasets/<name:reference>")
def show(reference: str) -> Response:
    """The data set that a name or a digest means."""
    return json_answer(_document(run_in_thread(_find, services().registry, reference)))


@blueprint.delete("/v1/datasets/<name:reference>")
def delete(reference: str) -> Response:
    """Take a data set away; versions that were trained on it stay."""
    run_in_thread(_delete, services().registry, reference)
    return Response(status=HTTPStatus.NO_CONTENT)


def _named(name: str | None, mimetype: str) -> str:
    """The name, completed by what the content type says."""
    if not name:
        raise InputError(where="name", expected="?name= with a file name such as iris.csv", received="nothing")
    return name if PurePosixPath(name).suffix else name + ENDING_OF_TYPE.get(mimetype, "")


def _datasets(registry: Registry) -> Datasets:
    store = registry.store
    store.require_folder()  # else an upload would make it anew
    return Datasets(store.objects)


def _keep(registry: Registry, name: str, path: Path) -> DatasetInfo:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return _datasets(registry).put(name, path, created_at=now, count_rows=count_rows)


def _list(registry: Registry) -> list[DatasetInfo]:
    return _datasets(registry).uploaded()


def _find(registry: Registry, reference: str) -> DatasetInfo:
    return _datasets(registry).find(reference)


def _delete(registry: Registry, reference: str) -> None:
    _datasets(registry).delete(reference)


def _document(info: DatasetInfo) -> dict[str, Any]:
    return {"source": info.source, **info.document}
