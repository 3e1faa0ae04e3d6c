"""The Open Inference Protocol V2 over HTTP."""

from collections.abc import Iterator
from http import HTTPStatus
from importlib.metadata import version as version_of

from flask import Response, request

from service.auth.scopes import Scope
from service.endpoints.model_call import ModelCall
from service.http.context import services
from service.http.prediction_paths import INFER_RULES, V2_MODEL_RULES
from service.http.request_bodies import read_body
from service.http.responses import Answer, json_answer
from service.openapi.media import FILE_FORM, binary_media, json_media
from service.openapi.operation import ApiBlueprint, api_response, header_parameter
from service.protocols.content import Content
from service.protocols.inference_protocol.documents import (
    IndexEntry,
    decode_index_request,
    live_document,
    model_metadata,
    model_ready_document,
    ready_document,
    repository_index,
    server_metadata,
)
from service.protocols.inference_protocol.requests import decode_request
from service.protocols.inference_protocol.responses import encode_response
from service.protocols.inference_protocol.tensors import HEADER_LENGTH, parse_header_length
from service.registry.snapshot import Snapshot

__all__ = ["answer_infer", "blueprint"]

INDEX_LIMIT_BYTES = 64 * 1024
TENSORS = binary_media("application/octet-stream")
JSON_LENGTH = header_parameter(
    HEADER_LENGTH, "^[0-9]{1,18}$", "How many bytes of the body are JSON, where binary data follows it", example="182"
)

blueprint = ApiBlueprint("inference_protocol", __name__, tag="Open Inference Protocol V2", scope=Scope.PREDICT)


@blueprint.operation(
    "GET",
    "/v2",
    either_slash=True,
    scope=Scope.PUBLIC,
    description="Its name, its version and the protocol's extensions that it knows.",
    responses={200: api_response("The server", "V2Server")},
)
def v2_server_metadata() -> Response:
    """Who this is and which extensions it speaks."""
    return json_answer(server_metadata(version_of("onehot")))


@blueprint.operation(
    "GET",
    "/v2/health/live",
    scope=Scope.PUBLIC,
    description="As `/healthz`.",
    responses={200: api_response("It lives", "V2Live")},
)
def v2_server_live() -> Response:
    """Whether this process answers."""
    return json_answer(live_document(live=True))


@blueprint.operation(
    "GET",
    "/v2/health/ready",
    scope=Scope.PUBLIC,
    summary="Whether every version that should be loaded was tried once, by every process",
    description="As `/readyz`; 503 says what it waits for.",
    responses={
        200: api_response("It is ready", "V2Ready"),
        503: api_response("It is not ready yet", "V2NotReady", Retry_After="Seconds to wait"),
    },
)
def v2_server_ready() -> Response:
    """Ready: as `/readyz`."""
    reason = services().readiness.why_not
    if reason is None:
        return json_answer(ready_document(ready=True))
    document = {**ready_document(ready=False), "error": f"not ready: {reason}"}
    return json_answer(document, status=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": "1"})


@blueprint.operation(
    "GET",
    *V2_MODEL_RULES,
    description="Names, datatypes and shapes of its inputs and outputs; without a version, those of the "
    "default version.",
    responses={200: api_response("The model", "V2Model", X_Onehot_Model_Version="The version described")},
    errors=(503,),
)
def v2_model_metadata(model: str, version: int | None = None) -> Response:
    """What a version takes and gives."""
    call = ModelCall.of_request(model, version=version)
    versions = call.services.registry.snapshot.model(model).versions
    return json_answer(model_metadata(call.predictor.manifest, list(versions)))


@blueprint.operation(
    "GET",
    *(f"{rule}/ready" for rule in V2_MODEL_RULES),
    summary="Whether a version answers",
    description="503 says why it does not.",
    responses={200: api_response("It does", "V2ModelReady")},
    errors=(503,),
)
def v2_model_ready(model: str, version: int | None = None) -> Response:
    """Whether a version answers; 503 with the reason when it does not."""
    ModelCall.of_request(model, version=version)
    return json_answer(model_ready_document(model, ready=True))


@blueprint.operation(
    "POST",
    *INFER_RULES,
    summary="Tensors in, tensors out",
    description="With the binary tensor data extension and the classification extension. But for forms "
    "the content type is not looked at, as public clients send none, or any.",
    parameters=(JSON_LENGTH,),
    body=json_media("V2Request") | TENSORS | FILE_FORM,
    responses={
        200: api_response(
            "The outputs", json_media("V2Response") | TENSORS, X_Onehot_Model_Version="The version that answered"
        )
    },
    errors=(503,),
    changes=False,
)
def infer(model: str, version: int | None = None) -> Response:
    """Tensors in, tensors out. But for forms the content type is not looked at: public clients send none, or any."""
    call = ModelCall.of_request(model, version=version)
    body, _ = call.read_content()
    content = answer_infer(call, body, header_length=request.headers.get(HEADER_LENGTH))
    return Answer(content.body, headers=content.headers)


def answer_infer(call: ModelCall, body: bytes, *, header_length: str | None) -> Content:
    """The answer of `infer`.

    Args:
        call: The request.
        body: As it came, decompressed.
        header_length: The header that says how many bytes of the body are JSON, if any.

    Raises:
        InputError, DeadlineExceeded: When there is no answer.
    """
    manifest = call.predictor.manifest
    wanted = decode_request(
        body, header_length=parse_header_length(header_length), manifest=manifest,
        on_rows=lambda rows: call.check_rows(rows, where="inputs[0]"),
    )  # fmt: skip
    predictions = call.compute(wanted.batch, where="inputs[0]")
    return encode_response(wanted, predictions, manifest)


@blueprint.operation(
    "POST",
    "/v2/repository/index",
    description="Only those that answer, where the body says `ready: true`.",
    body=json_media("V2IndexRequest"),
    needs_body=False,
    responses={200: api_response("The index", "V2Index")},
    changes=False,
)
def v2_repository_index() -> Response:
    """Every version with its state."""
    only_ready = decode_index_request(read_body(request, limit_bytes=INDEX_LIMIT_BYTES))
    return json_answer(repository_index(_entries(services().registry.snapshot), only_ready=only_ready))


def _entries(snapshot: Snapshot) -> Iterator[IndexEntry]:
    for model in snapshot.models.values():
        for status in model.versions.values():
            yield IndexEntry(model.name, status.version, status.state, status.reason)
