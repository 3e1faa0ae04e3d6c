"""The Open Inference Protocol V2 over HTTP."""

from collections.abc import Iterator
from http import HTTPStatus
from importlib.metadata import version as version_of

from flask import Response, request

from service.auth.scopes import Scope
from service.endpoints.model_call import body_of, check_rows, compute, find
from service.http.context import RequestContext, notes, services
from service.http.request_bodies import read_body
from service.http.responses import Answer, Content, json_answer
from service.inference.predictor import Predictor
from service.openapi.operation import ApiBlueprint, api_response, binary_media, header_parameter, json_media
from service.protocols.inference_protocol import (
    HEADER_LENGTH,
    IndexEntry,
    decode_index_request,
    decode_request,
    encode_response,
    live_document,
    model_metadata,
    model_ready_document,
    parse_header_length,
    ready_document,
    repository_index,
    server_metadata,
)
from service.registry.snapshot import Snapshot

__all__ = ["blueprint", "inferred"]

INDEX_LIMIT_BYTES = 64 * 1024
PLACES = ("/v2/models/<name:model>", "/v2/models/<name:model>/versions/<int:version>")
TENSORS = binary_media("application/octet-stream")
JSON_LENGTH = header_parameter(
    HEADER_LENGTH, "^[0-9]{1,18}$", "How many bytes of the body are JSON, where binary data follows it"
)

blueprint = ApiBlueprint("inference_protocol", __name__, tag="Open Inference Protocol V2", scope=Scope.PREDICT)


@blueprint.operation("GET", "/v2", "/v2/", scope=Scope.PUBLIC, responses={200: api_response("The server", "V2Server")})
def show_server() -> Response:
    """Who this is and which extensions it speaks."""
    return json_answer(server_metadata(version_of("onehot")))


@blueprint.operation("GET", "/v2/health/live", scope=Scope.PUBLIC, responses={200: api_response("It lives", "V2Live")})
def live() -> Response:
    """Whether this process answers."""
    return json_answer(live_document(live=True))


@blueprint.operation(
    "GET",
    "/v2/health/ready",
    scope=Scope.PUBLIC,
    summary="Whether every version that should be loaded was tried once",
    responses={
        200: api_response("It is ready", "V2Ready"),
        503: api_response("It is not ready yet", "V2NotReady", Retry_After="Seconds to wait"),
    },
)
def ready() -> Response:
    """Ready: every version that should be loaded was tried once, and the service is not about to end."""
    reason = services().registry.why_not_ready
    if reason is None:
        return json_answer(ready_document(ready=True))
    document = {**ready_document(ready=False), "error": f"not ready: {reason}"}
    return json_answer(document, status=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": "1"})


@blueprint.operation(
    "GET",
    *PLACES,
    responses={200: api_response("The model", "V2Model", X_Onehot_Model_Version="The version described")},
    errors=(503,),
)
def show_model(model: str, version: int | None = None) -> Response:
    """What a version takes and gives."""
    noted = notes()
    manifest = find(noted, model, version=version).manifest
    versions = noted.parts.registry.snapshot.model(model).versions
    return json_answer(model_metadata(manifest, list(versions)))


@blueprint.operation(
    "GET",
    *(f"{place}/ready" for place in PLACES),
    summary="Whether a version answers",
    responses={200: api_response("It does", "V2ModelReady")},
    errors=(503,),
)
def model_ready(model: str, version: int | None = None) -> Response:
    """Whether a version answers; 503 with the reason when it does not."""
    find(notes(), model, version=version)
    return json_answer(model_ready_document(model, ready=True))


@blueprint.operation(
    "POST",
    *(f"{place}/infer" for place in PLACES),
    summary="Tensors in, tensors out",
    description="With the binary tensor data extension and the classification extension.",
    parameters=(JSON_LENGTH,),
    body=json_media("V2Request") | TENSORS,
    responses={
        200: api_response(
            "The outputs", json_media("V2Response") | TENSORS, X_Onehot_Model_Version="The version that answered"
        )
    },
    errors=(503,),
)
def infer(model: str, version: int | None = None) -> Response:
    """Tensors in, tensors out. The content type is not looked at: public clients send none, or any."""
    noted = notes()
    served = find(noted, model, version=version)
    content = inferred(noted, served, body_of(noted), header_length=noted.request.headers.get(HEADER_LENGTH))
    return Answer(content.body, headers=content.headers)


def inferred(noted: RequestContext, served: Predictor, body: bytes, *, header_length: str | None) -> Content:
    """What `infer` answers.

    Args:
        noted: The request.
        served: What answers it.
        body: As it came, decompressed.
        header_length: The header that says how many bytes of the body are JSON, if any.

    Raises:
        InputError, DeadlineExceeded: When there is no answer.
    """
    wanted = decode_request(
        body, header_length=parse_header_length(header_length), manifest=served.manifest,
        on_rows=lambda rows: check_rows(noted, rows, where="inputs[0]"),
    )  # fmt: skip
    answer = encode_response(wanted, compute(noted, served, wanted.batch, where="inputs[0]"), served.manifest)
    return Content(answer.body, answer.headers)


@blueprint.operation(
    "POST",
    "/v2/repository/index",
    body=json_media("V2IndexRequest"),
    needs_body=False,
    responses={200: api_response("The index", "V2Index")},
)
def show_index() -> Response:
    """Every version with its state."""
    only_ready = decode_index_request(read_body(request, limit_bytes=INDEX_LIMIT_BYTES))
    return json_answer(repository_index(_entries(services().registry.snapshot), only_ready=only_ready))


def _entries(snapshot: Snapshot) -> Iterator[IndexEntry]:
    for model in snapshot.models.values():
        for status in model.versions.values():
            yield IndexEntry(model.name, status.version, status.state, status.reason)
