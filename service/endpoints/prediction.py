"""`:predict`, `:classify` and `:regress`: instances in; probabilities, labels with scores, or numbers out."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Request, Response

from models.errors import InputError, shown
from models.instances import Array
from models.manifest import Manifest
from service.answers import JSON, Answer, json_answer, json_content
from service.batch_bodies import BATCH_TYPES
from service.bodies import JSON_TYPES, parse_object, require_content_type
from service.computing import body_of, check_rows, compute, find
from service.context import RequestNotes, notes
from service.npy import encode_npy
from service.predictor import Predictor
from service.routing import add_version_routes
from service.tensorflow_serving import (
    ROW,
    PredictForm,
    classify_results,
    read_examples,
    read_predict,
    regress_results,
)

__all__ = ["NPY", "blueprint", "json_predictions"]

NPY = "application/x-npy"
EXPECTED_TYPES = f"application/json or one of {', '.join(BATCH_TYPES)}"

BODY = PredictForm(ROW, None)
"""Instances that came as the whole body are answered like rows."""

blueprint = Blueprint("prediction", __name__)


def predict(model: str, version: int | None = None, label: str | None = None) -> Response:
    """One prediction for each instance."""
    noted = notes()
    served = find(noted, model, version=version, label=label)
    form, predictions = _predictions(noted, served, read_predict)
    if _asks_for_npy(noted.request):
        return Answer(encode_npy(predictions), content_type=NPY)
    return json_answer({form.answer_key: predictions})


def classify(model: str, version: int | None = None, label: str | None = None) -> Response:
    """Labels with their scores for each instance, best first."""
    noted = notes()
    served = find(noted, model, version=version, label=label)
    top_k = _read_top_k(noted.request.args.get("top_k"))
    _, predictions = _predictions(noted, served, read_examples)
    return json_answer({"results": classify_results(predictions, served.manifest, top_k=top_k)})


def regress(model: str, version: int | None = None, label: str | None = None) -> Response:
    """One number for each instance, of a regression."""
    noted = notes()
    served = find(noted, model, version=version, label=label)
    _, predictions = _predictions(noted, served, read_examples)
    return json_answer({"results": regress_results(predictions, served.manifest)})


add_version_routes(blueprint, ":predict", predict, method="POST")
add_version_routes(blueprint, ":classify", classify, method="POST")
add_version_routes(blueprint, ":regress", regress, method="POST")


def _predictions(
    noted: RequestNotes, served: Predictor, read: Callable[[Mapping[str, Any], Manifest], PredictForm]
) -> tuple[PredictForm, Array]:
    """The form that the instances came in, and the predictions for them."""
    request, body = noted.request, body_of(noted)
    if request.mimetype in BATCH_TYPES:
        most_rows = noted.parts.settings.max_rows
        batch = served.read_body(body, request.content_type or "", most_rows=most_rows)
        return BODY, compute(noted, served, batch)
    require_content_type(request, JSON_TYPES, expected=EXPECTED_TYPES)
    form = read(parse_object(body), served.manifest)
    return form, _compute(noted, served, form)


def json_predictions(noted: RequestNotes, served: Predictor, body: bytes) -> bytes:
    """The answer to a body of JSON, as JSON."""
    form = read_predict(parse_object(body), served.manifest)
    return json_content({form.answer_key: _compute(noted, served, form)})


def _compute(noted: RequestNotes, served: Predictor, form: PredictForm) -> Array:
    if isinstance(form.values, list):
        check_rows(noted, len(form.values), where=form.key)
    return compute(noted, served, served.read(form.values, where=form.key), where=form.key)


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
