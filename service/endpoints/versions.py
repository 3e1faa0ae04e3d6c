"""Versions in the store: their files, their deletion. The store is asked, not the snapshot of what is loaded."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import PurePosixPath

import structlog
from flask import Response, request
from marshmallow import Schema

from models.errors import ModelNotFound
from models.keras_catalog.argument_kinds import boolean
from models.names import is_model_name
from models.retention import deletion
from models.store.manifest import Manifest
from models.store.store import Store
from service.auth.scopes import Scope
from service.blocking_calls import run_in_thread
from service.endpoints.strict_field import StrictField
from service.errors import FileNotInVersion
from service.http.content_negotiation import JSON, JSON_TYPES, require_content_type
from service.http.context import caller, services
from service.http.request_bodies import parse_object, read_body
from service.http.responses import json_answer
from service.openapi.media import binary_media, json_media, text_media
from service.openapi.operation import ApiBlueprint, api_response

__all__ = ["blueprint"]

LIMIT_BYTES = 64 * 1024
TYPES = {".json": JSON, ".yaml": "application/yaml"}
OTHER_TYPE = "application/octet-stream"
FILE = binary_media(OTHER_TYPE) | json_media("Report") | text_media(TYPES[".yaml"], example="model: iris\nseed: 7\n")

log = structlog.get_logger("service")
blueprint = ApiBlueprint("versions", __name__, tag="Models", scope=Scope.ADMIN)


class _DeletionSchema(Schema):
    """The body of a DELETE."""

    error_messages = {"unknown": "expected force and dry_run; received another name"}  # noqa: RUF012 -- marshmallow's way

    force = StrictField(boolean, load_default=False)
    dry_run = StrictField(boolean, load_default=False)


@blueprint.operation(
    "DELETE",
    "/v1/models/<name:model>/versions/<int:version>",
    description="Refused with 409 while a label names it, while it answers by default, or as the last good one: "
    "where a rollback would go; unless `force` is true. Then `stable` goes back first, other labels go. Its number "
    "is never given again. Requests under way are answered.",
    body=json_media("VersionDeletion"),
    needs_body=False,
    responses={200: api_response("It is gone, or with `dry_run` would go", "VersionDeleted")},
    errors=(409, 415, 503, 507),
)
def delete_version(model: str, version: int) -> Response:
    """Delete a version."""
    if not is_model_name(model):
        raise ModelNotFound(model)
    require_content_type(request.content_type, JSON_TYPES, expected=JSON)
    body = read_body(request, limit_bytes=LIMIT_BYTES)
    options = _DeletionSchema().load(parse_object(body) if body else {})
    store, force = services().registry.store, options["force"]
    if options["dry_run"]:
        run_in_thread(deletion.require_deletable, store, model, version, force=force)
    else:
        run_in_thread(deletion.delete_version, store, model, version, by=caller(), force=force)
        log.info("version deleted", model=model, version=version, by=caller(), force=force)
        services().pending_versions.wait_for_deletion(model, version)
    return json_answer({"model": model, "version": version, "deleted": not options["dry_run"]})


@blueprint.operation(
    "GET",
    "/v1/models/<name:model>/versions/<int:version>/examples",
    scope=Scope.PREDICT,
    tag="Predictions",
    description="A few raw rows of the test part, as a request would send them, each with what Keras predicted for it.",
    responses={200: api_response("The golden rows", "VersionExamples")},
    errors=(503,),
)
def get_examples(model: str, version: int) -> Response:
    """Rows to try a version with."""
    if not is_model_name(model):
        raise ModelNotFound(model)
    store = services().registry.store
    manifest = run_in_thread(store.manifest, model, version)
    names = [feature.name for feature in manifest.instance.features or ()]
    golden = manifest.golden_rows
    rows = [dict(zip(names, row, strict=True)) if names else row for row in golden.instances]
    pairs = zip(rows, golden.predictions, strict=True)
    return json_answer({"examples": [{"instance": row, "prediction": found} for row, found in pairs]})


@blueprint.operation(
    "GET",
    "/v1/models/<name:model>/versions/<int:version>/manifest",
    scope=Scope.PREDICT,
    description="Of a published version, loaded or not: files with their digests, data, preprocessing, seed, packages, "
    "and on how many golden rows the served graph was proved.",
    responses={200: api_response("What it says", "VersionManifest")},
    errors=(503,),
)
def get_manifest(model: str, version: int) -> Response:
    """The manifest of a version, without its golden rows."""
    if not is_model_name(model):
        raise ModelNotFound(model)
    manifest = run_in_thread(services().registry.store.manifest, model, version)
    golden = {"rows": len(manifest.golden_rows.instances), "tolerance": manifest.golden_rows.tolerance}
    return json_answer({**asdict(manifest), "golden_rows": golden})


@blueprint.operation(
    "GET",
    "/v1/models/<name:model>/versions/<int:version>/files/<name:file>",
    scope=Scope.TRAIN,
    description="`model.keras`, `model.onnx`, `report.json` and `spec.yaml` of a published version, loaded or not. "
    "The last bytes come only when all are what was published; the connection ends before them else.",
    responses={
        200: api_response("The file", FILE, ETag="Its sha-256, in quotes"),
    },
    errors=(503,),
)
def get_version_file(model: str, version: int, file: str) -> Response:
    """A file of a version, as it was published."""
    if not is_model_name(model):
        raise ModelNotFound(model)
    store = services().registry.store
    manifest = run_in_thread(store.manifest, model, version)
    if file not in manifest.files:
        raise FileNotInVersion(file, sorted(manifest.files))
    info = manifest.files[file]
    headers = {"Content-Length": str(info.size), "ETag": f'"{info.sha256}"'}
    content_type = TYPES.get(PurePosixPath(file).suffix, OTHER_TYPE)
    return Response(_pieces(store, manifest, file), headers=headers, content_type=content_type)


def _pieces(store: Store, manifest: Manifest, file: str) -> Iterator[bytes]:
    """The file piece by piece, each read beside the event loop; the first one now, while an error can be answered."""
    pieces = store.stream(manifest, file)
    first = run_in_thread(next, pieces, b"")

    def following() -> Iterator[bytes]:
        piece = first
        while piece:
            yield piece
            piece = run_in_thread(next, pieces, b"")

    return following()
