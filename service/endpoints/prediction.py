"""`:predict`, `:classify` and `:regress`: instances in; probabilities, labels with scores, or numbers out."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, request

from models.errors import InputError, shown
from models.preprocessing.instances import Array
from models.store.manifest import Manifest
from service.auth.scopes import Scope
from service.decoding.json_numbers import split_document
from service.decoding.media_types import BATCH_TYPES
from service.decoding.npy import NPY, encode_npy
from service.endpoints.model_call import ModelCall
from service.http.content_negotiation import JSON, batch_type_of, preferred_type
from service.http.request_bodies import parse_object
from service.http.responses import Answer, json_answer, json_content
from service.http.routing import version_paths
from service.openapi.json_schema import STRING
from service.openapi.media import FILE_FORM, binary_media, json_media, text_media
from service.openapi.operation import ApiBlueprint, api_response, query_parameter
from service.protocols.content import Content
from service.protocols.tensorflow_serving import (
    ROW,
    PredictForm,
    classify_results,
    predictions_key,
    read_examples,
    read_predict,
    regress_results,
)

__all__ = ["answer_predict", "blueprint"]

BATCH_CONTENT = (
    FILE_FORM
    | binary_media(*BATCH_TYPES)
    | text_media("text/csv", example="0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8\n")
    | text_media("text/tab-separated-values", example="0.1\t0.2\t0.3\t0.4\t0.5\t0.6\t0.7\t0.8\n")
    | text_media("application/jsonl", "application/x-ndjson", example="[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]\n")
)
EXAMPLES_CONTENT = json_media("ExamplesRequest") | BATCH_CONTENT
VERSION_HEADER = {"X_Onehot_Model_Version": "The version that answered"}
TOP_K = query_parameter(
    "top_k",
    {"type": "integer", "minimum": 1, "maximum": 999_999_999},
    "How many labels at most; all when absent",
    example=3,
)

REQUEST_ID = {
    "name": "X-Request-Id", "in": "header", "schema": STRING, "example": "order-4711",
    "description": "Comes back with the answer, and stands in the log; without one the request gets one",
}  # fmt: skip

blueprint = ApiBlueprint("prediction", __name__, tag="Predictions", scope=Scope.PREDICT)


@blueprint.operation(
    "POST",
    *version_paths(":predict"),
    summary="Predict for a batch of instances",
    description="Instances come as rows (`instances`), as columns (`inputs`), as a numpy array, a table, "
    "JSON lines or an image. `Accept: application/x-npy` gives the predictions as a numpy array. gzip is "
    "read and written. A form with one file is answered as that file would be. Columns of a table that "
    "the model does not know are passed over, and named, percent-encoded, in the header `X-Onehot-Ignored-Columns`.",
    parameters=(REQUEST_ID,),
    body=json_media("PredictRequest") | BATCH_CONTENT,
    responses={200: api_response("The predictions", json_media("Predictions") | binary_media(NPY), **VERSION_HEADER)},
    errors=(415, 503),
    changes=False,
)
def predict(model: str, version: int | None = None, label: str | None = None) -> Response:
    """One prediction for each instance."""
    call = ModelCall.of_request(model, version=version, label=label)
    body, content_type = call.read_content()
    content = answer_predict(call, body, content_type=content_type, accept=request.headers.get("Accept", ""))
    return Answer(content.body, headers=content.headers)


@blueprint.operation(
    "POST",
    *version_paths(":classify"),
    summary="Labels with their scores for each instance, best first",
    description="TensorFlow Serving's classify. Bodies other than JSON are read as for predictions.",
    parameters=(TOP_K, REQUEST_ID),
    body=EXAMPLES_CONTENT,
    responses={200: api_response("Labels and scores", "Classifications", **VERSION_HEADER)},
    errors=(415, 503),
    changes=False,
)
def classify(model: str, version: int | None = None, label: str | None = None) -> Response:
    """Labels with their scores for each instance, best first."""
    call = ModelCall.of_request(model, version=version, label=label)
    top_k = _read_top_k(request.args.get("top_k"))
    predictions = _predictions_for_examples(call)
    return json_answer({"results": classify_results(predictions, call.predictor.manifest, top_k=top_k)})


@blueprint.operation(
    "POST",
    *version_paths(":regress"),
    summary="One number for each instance, of a model with a regression head",
    description="TensorFlow Serving's regress; 400 for a classifier. Bodies other than JSON are read as "
    "for predictions.",
    parameters=(REQUEST_ID,),
    body=EXAMPLES_CONTENT,
    responses={200: api_response("The numbers", "Regressions", **VERSION_HEADER)},
    errors=(415, 503),
    changes=False,
)
def regress(model: str, version: int | None = None, label: str | None = None) -> Response:
    """One number for each instance, of a regression."""
    call = ModelCall.of_request(model, version=version, label=label)
    predictions = _predictions_for_examples(call)
    return json_answer({"results": regress_results(predictions, call.predictor.manifest)})


def answer_predict(call: ModelCall, body: bytes, *, content_type: str, accept: str) -> Content:
    """The answer of `:predict`.

    Args:
        call: The request.
        body: As it came, decompressed.
        content_type: The header, or empty.
        accept: The header, or empty.

    Raises:
        InputError, UnsupportedBody, DeadlineExceeded: When there is no answer.
    """
    key, batch = _decode(call, body, content_type)
    predictions = call.compute(batch, where=key)
    if preferred_type(accept, (JSON, NPY)) == NPY:
        return Content(encode_npy(predictions), {"Content-Type": NPY})
    return Content(json_content({predictions_key(key): predictions}))


def _decode(call: ModelCall, body: bytes, content_type: str) -> tuple[str, Array]:
    """The batch that a body of `:predict` holds, and what its instances are called; plain numbers are read at once."""
    batch_type = batch_type_of(content_type)
    plain = split_document(body) if batch_type is None else None
    if plain is not None:
        key, text = plain
        batch = call.predictor.numbers.read(text, where=key, on_rows=lambda rows: call.check_rows(rows, where=key))
        if batch is not None:
            return key, batch
    return _decode_usual(call, body, batch_type, read_predict)


def _predictions_for_examples(call: ModelCall) -> Array:
    body, content_type = call.read_content()
    key, batch = _decode_usual(call, body, batch_type_of(content_type), read_examples)
    return call.compute(batch, where=key)


def _decode_usual(
    call: ModelCall, body: bytes, batch_type: str | None, read: Callable[[Mapping[str, Any], Manifest], PredictForm]
) -> tuple[str, Array]:
    """The batch that a body is, or that the instances of its document are, and what they are called."""
    if batch_type is not None:  # as if they had come as rows
        settings = call.services.settings
        return ROW, call.predictor.read_body(
            body, batch_type, most_rows=settings.max_rows, most_bytes=settings.max_body_bytes,
            on_ignored=call.context.ignore,
        )  # fmt: skip
    form = read(parse_object(body), call.predictor.manifest)
    if isinstance(form.values, list):
        call.check_rows(len(form.values), where=form.key)
    return form.key, call.predictor.read(form.values, where=form.key)


def _read_top_k(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and 0 < len(text) < 10 and int(text) > 0):
        raise InputError(where="top_k", expected="a whole number from 1", received=shown(text))
    return int(text)
