"""The route that is called most, without what Flask does around it.

A plain prediction, `POST …:predict` with a JSON body of known length, goes through the same functions here as in its
endpoint: the same lock, admission, registry, reading, computing, counting and log line. Only what succeeds is answered
here, and what is refused because there is too much to do: that must cost less than an answer. Whatever else fails on
the way, and every other request, goes to Flask; what failed takes its notes along, and Flask raises the same error
again where it makes answers of errors.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Request

from service.access import Scope
from service.answers import JSON, PLAIN_HEADERS, Answer, error_answer
from service.bodies import JSON_TYPES, require_length
from service.compression import WORTH_IT_BYTES, compress_answer
from service.computing import find
from service.context import RequestNotes, Services
from service.endpoints.prediction import NPY, json_predictions
from service.errors import TooMuchAtOnce
from service.predictor import Predictor
from service.requests import REQUEST_ID, TAKEN_OVER, VERSION, Exchange, finish, request_id_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["PATH", "PREDICTED", "HotRoute", "Predicted"]

PREDICTED = "onehot.predicted"
"""Where the WSGI environment holds a prediction that was made before it was complete."""

PATH = re.compile(r"/v1/models/([a-z0-9_-]+)(?:/versions/([0-9]{1,9})|/labels/([A-Za-z0-9_]+))?:predict")
PLACES = ("", "", "/versions/<int:version>", "/labels/<name:label>")
ROUTES = tuple(f"/v1/models/<name:model>{place}:predict" for place in PLACES)
TYPES = JSON_TYPES | {"application/json; charset=utf-8", "application/json;charset=utf-8"}
OK = "200 OK"


@dataclass(slots=True)
class Predicted:
    """A plain prediction that has succeeded, or was refused at the door, and is not yet counted.

    Args:
        noted: The request's notes.
        content: The answer's body.
        exchange: What counts and logs show.
        status: Of the answer, with its phrase.
        headers: Of this answer alone, beside the request's id.
    """

    noted: RequestNotes
    content: bytes
    exchange: Exchange
    status: str
    headers: tuple[tuple[str, str], ...]

    @property
    def is_small(self) -> bool:
        """Whether the body goes out as it is, whatever the client takes."""
        return len(self.content) < WORTH_IT_BYTES

    @property
    def own_headers(self) -> list[tuple[str, str]]:
        """The headers that other answers do not have."""
        return [(REQUEST_ID, self.noted.request_id), *self.headers]


class HotRoute:
    """A WSGI application in front of Flask's own.

    Args:
        whole: Flask's.
        parts: Of the application.
    """

    def __init__(self, whole: "WSGIApplication", parts: Services) -> None:
        self.whole = whole
        self._parts = parts

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer what is plain; hand over all else."""
        predicted: Predicted | None = environ.get(PREDICTED)
        if predicted is None and TAKEN_OVER not in environ:
            predicted = self.predict(environ)
        if predicted is None:
            return self.whole(environ, start_response)
        if predicted.is_small:
            return _answer_small(predicted, start_response)
        return self._answer_large(predicted, environ, start_response)

    def _answer_large(
        self, predicted: Predicted, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        large = Answer(predicted.content, predicted.status, predicted.own_headers, content_type=JSON)
        try:
            compress_answer(Request(environ), large)
        except Exception as error:  # noqa: BLE001 -- Flask's handlers make the answer
            del environ[PREDICTED]
            predicted.noted.error = error
            environ[TAKEN_OVER] = predicted.noted
            return self.whole(environ, start_response)
        finish(predicted.noted, predicted.exchange)
        return large(environ, start_response)

    def predict(self, environ: "WSGIEnvironment") -> Predicted | None:
        """The prediction that a plain request asks for.

        Returns:
            None when it is not plain, or has failed: then the environment holds its notes for Flask.
        """
        found = PATH.fullmatch(environ["PATH_INFO"])
        if found is None or not _is_plain(environ) or self._parts.traces is not None:
            return None
        length = _length(environ, most=self._parts.settings.max_body_bytes)
        if length is None:
            return None
        noted = RequestNotes(request_id_of(environ.get("HTTP_X_REQUEST_ID", "")), self._parts)
        exchange = Exchange("POST", environ["PATH_INFO"], ROUTES[found.lastindex or 0], 200)
        try:
            served, content = _predict(noted, environ, found, length)
            predicted = Predicted(noted, content, exchange, OK, ((VERSION, str(served.version)),))
        except TooMuchAtOnce as error:
            predicted = _refused(noted, exchange, error)
        except Exception as error:  # noqa: BLE001 -- Flask's handlers make the answer
            noted.error = error
            environ[TAKEN_OVER] = noted
            return None
        environ[PREDICTED] = predicted
        return predicted


def _refused(noted: RequestNotes, exchange: Exchange, error: TooMuchAtOnce) -> Predicted:
    noted.error = error
    exchange.status = int(HTTPStatus.TOO_MANY_REQUESTS)
    content, status, headers = _refusal(error.limit)
    return Predicted(noted, content, exchange, status, headers)


@lru_cache(maxsize=1)
def _refusal(limit: int) -> tuple[bytes, str, tuple[tuple[str, str], ...]]:
    """What every refused request is told: the body, the status, and the headers that are its own."""
    answer = error_answer(str(TooMuchAtOnce(limit)), status=HTTPStatus.TOO_MANY_REQUESTS)
    own = (pair for pair in answer.headers.items() if pair[0] not in ("Content-Type", "Content-Length"))
    return answer.get_data(), answer.status, tuple(own)


def _answer_small(predicted: Predicted, start_response: "StartResponse") -> Iterable[bytes]:
    finish(predicted.noted, predicted.exchange)
    headers = [("Content-Length", str(len(predicted.content))), *predicted.own_headers, *PLAIN_HEADERS]
    start_response(predicted.status, headers)
    return (predicted.content,)


def _is_plain(environ: "WSGIEnvironment") -> bool:
    return (
        environ["REQUEST_METHOD"] == "POST"
        and environ.get("CONTENT_TYPE", "") in TYPES
        and "HTTP_CONTENT_ENCODING" not in environ
        and "HTTP_TRANSFER_ENCODING" not in environ
        and not environ.get("SCRIPT_NAME")
        and NPY not in environ.get("HTTP_ACCEPT", "").lower()
    )


def _length(environ: "WSGIEnvironment", *, most: int) -> int | None:
    """The announced length of the body, when it is one that may be read."""
    text = environ.get("CONTENT_LENGTH", "")
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        return None
    length = int(text)
    return length if length <= most else None


def _predict(
    noted: RequestNotes, environ: "WSGIEnvironment", found: re.Match[str], length: int
) -> tuple[Predictor, bytes]:
    """What the endpoint does, in its order."""
    parts = noted.parts
    noted.key_id = parts.lock.admit_with(
        Scope.PREDICT, authorization=environ.get("HTTP_AUTHORIZATION"), api_key=environ.get("HTTP_X_API_KEY")
    )
    noted.ticket = parts.admission.enter(noted.started_s)
    model, version, label = found.groups()
    served = find(noted, model, version=None if version is None else int(version), label=label)
    return served, json_predictions(noted, served, require_length(environ["wsgi.input"].read(length), length))
