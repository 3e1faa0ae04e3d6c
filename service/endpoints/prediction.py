"""`:predict`, `:classify` and `:regress`: instances in; probabilities, labels with scores, or numbers out."""

from flask import Request, Response

from models.errors import InputError, shown
from models.preprocessing.instances import Array
from service.auth.scopes import Scope
from service.decoding.json_numbers import split_document
from service.decoding.media_types import BATCH_TYPES
from service.decoding.npy import NPY, encode_npy
from service.endpoints.model_call import body_of, check_rows, compute, find
from service.http.context import RequestContext, notes
from service.http.request_bodies import JSON_TYPES, parse_object, require_content_type
from service.http.responses import JSON, Answer, Content, json_answer, json_content
from service.http.routing import version_paths
from service.inference.predictor import Predictor
from service.openapi.json_schema import STRING
from service.openapi.operation import ApiBlueprint, api_response, binary_media, json_media, query_parameter
from service.protocols.tensorflow_serving import (
    ROW,
    PredictForm,
    classify_results,
    read_examples,
    read_predict,
    regress_results,
)

__all__ = ["blueprint", "predicted"]

EXPECTED_TYPES = f"application/json or one of {', '.join(BATCH_TYPES)}"

BODY = PredictForm(ROW, None)
"""Instances that came as the whole body are answered like rows."""

BATCH_CONTENT = binary_media(*BATCH_TYPES) | {
    "text/csv": {"schema": STRING, "example": "0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8\n"}
}
EXAMPLES_CONTENT = json_media("ExamplesRequest") | BATCH_CONTENT
VERSION_HEADER = {"X_Onehot_Model_Version": "The version that answered"}
TOP_K = query_parameter("top_k", {"type": "integer", "minimum": 1, "maximum": 999_999_999}, "How many labels at most")

blueprint = ApiBlueprint("prediction", __name__, tag="Predictions", scope=Scope.PREDICT)


@blueprint.operation(
    "POST",
    *version_paths(":predict"),
    summary="Predict for a batch of instances",
    description="`Accept: application/x-npy` gives the predictions as a numpy array. gzip is read and written.",
    body=json_media("PredictRequest") | BATCH_CONTENT,
    responses={200: api_response("The predictions", json_media("Predictions") | binary_media(NPY), **VERSION_HEADER)},
    errors=(415, 503),
)
def predict(model: str, version: int | None = None, label: str | None = None) -> Response:
    """One prediction for each instance."""
    noted = notes()
    served = find(noted, model, version=version, label=label)
    request, body = noted.request, body_of(noted)
    content = predicted(noted, served, body, batch_type=_batch_type(request), as_npy=_asks_for_npy(request))
    return Answer(content.body, headers=content.headers)


@blueprint.operation(
    "POST",
    *version_paths(":classify"),
    summary="Labels with their scores for each instance, best first",
    parameters=(TOP_K,),
    body=EXAMPLES_CONTENT,
    responses={200: api_response("Labels and scores", "Classifications", **VERSION_HEADER)},
    errors=(415, 503),
)
def classify(model: str, version: int | None = None, label: str | None = None) -> Response:
    """Labels with their scores for each instance, best first."""
    noted = notes()
    served = find(noted, model, version=version, label=label)
    top_k = _read_top_k(noted.request.args.get("top_k"))
    predictions = _predictions_for_examples(noted, served)
    return json_answer({"results": classify_results(predictions, served.manifest, top_k=top_k)})


@blueprint.operation(
    "POST",
    *version_paths(":regress"),
    summary="One number for each instance, of a model with a regression head",
    body=EXAMPLES_CONTENT,
    responses={200: api_response("The numbers", "Regressions", **VERSION_HEADER)},
    errors=(415, 503),
)
def regress(model: str, version: int | None = None, label: str | None = None) -> Response:
    """One number for each instance, of a regression."""
    noted = notes()
    served = find(noted, model, version=version, label=label)
    predictions = _predictions_for_examples(noted, served)
    return json_answer({"results": regress_results(predictions, served.manifest)})


def predicted(
    noted: RequestContext, served: Predictor, body: bytes, *, batch_type: str | None = None, as_npy: bool = False
) -> Content:
    """What `:predict` answers.

    Args:
        noted: The request.
        served: What answers it.
        body: As it came, decompressed.
        batch_type: The content type when the whole body is the batch; None for a document of JSON.
        as_npy: Whether to answer with an array instead of JSON.

    Raises:
        InputError, DeadlineExceeded: When there is no answer.
    """
    if batch_type is not None:
        form, predictions = BODY, _predictions_for_batch(noted, served, body, batch_type)
    else:
        form, predictions = _predictions(noted, served, body)
    if as_npy:
        return Content(encode_npy(predictions), {"Content-Type": NPY})
    return Content(json_content({form.answer_key: predictions}))


def _predictions(noted: RequestContext, served: Predictor, body: bytes) -> tuple[PredictForm, Array]:
    """The form that the instances of a document came in, and the predictions for them."""
    plain = split_document(body)
    if plain is not None:
        key, text = plain
        batch = served.numbers.read(text, where=key, on_rows=lambda rows: check_rows(noted, rows, where=key))
        if batch is not None:
            return PredictForm(key, None), compute(noted, served, batch, where=key)
    form = read_predict(parse_object(body), served.manifest)
    return form, _compute(noted, served, form)


def _predictions_for_examples(noted: RequestContext, served: Predictor) -> Array:
    body, batch_type = body_of(noted), _batch_type(noted.request)
    if batch_type is not None:
        return _predictions_for_batch(noted, served, body, batch_type)
    return _compute(noted, served, read_examples(parse_object(body), served.manifest))


def _predictions_for_batch(noted: RequestContext, served: Predictor, body: bytes, batch_type: str) -> Array:
    batch = served.read_body(body, batch_type, most_rows=noted.parts.settings.max_rows)
    return compute(noted, served, batch)


def _compute(noted: RequestContext, served: Predictor, form: PredictForm) -> Array:
    if isinstance(form.values, list):
        check_rows(noted, len(form.values), where=form.key)
    return compute(noted, served, served.read(form.values, where=form.key), where=form.key)


def _batch_type(request: Request) -> str | None:
    """The content type of a request whose whole body is the batch; None for JSON.

    Raises:
        UnsupportedBody: When it is neither.
    """
    if request.mimetype in BATCH_TYPES:
        return request.content_type
    require_content_type(request, JSON_TYPES, expected=EXPECTED_TYPES)
    return None


def _asks_for_npy(request: Request) -> bool:
    """Whether the header `Accept` prefers it to JSON."""
    if NPY not in request.environ.get("HTTP_ACCEPT", "").lower():
        return False
    return request.accept_mimetypes.best_match((JSON, NPY)) == NPY


def _read_top_k(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and 0 < len(text) < 10 and int(text) > 0):
        raise InputError(where="top_k", expected="a whole number from 1", received=shown(text))
    return int(text)
