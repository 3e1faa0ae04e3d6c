"""The route that is called most, without what Flask does around it.

A plain prediction, `POST …:predict` or `POST …/infer` with a body of known length, goes through the same functions
here as in its endpoint: the same lock, admission, registry, reading, computing, counting and log line. Only what
succeeds is answered here, and what is refused because there is too much to do: that must cost less than an answer.
Whatever else fails on the way, and every other request, goes to Flask; what failed takes its notes along, and Flask
raises the same error again where it makes answers of errors.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Request

from service.auth.scopes import Scope
from service.decoding.npy import NPY
from service.endpoints.inference_protocol import answer_infer
from service.endpoints.model_call import ModelCall
from service.endpoints.prediction import answer_predict
from service.errors import TooMuchAtOnce
from service.fast_path.request_reader import PlainHead
from service.http.content_encoding import WORTH_IT_BYTES, compress_answer
from service.http.context import RequestContext, Services
from service.http.lifecycle import REQUEST_ID, TAKEN_OVER, VERSION, admit, finish, request_id_of
from service.http.request_bodies import require_length
from service.http.responses import SECURITY_HEADERS, Answer, Content, error_answer
from service.telemetry.answered_request import AnsweredRequest

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["PREDICTED", "FastPath", "Predicted"]

PREDICTED = "onehot.predicted"
"""Where the WSGI environment holds a prediction that was made before it was complete."""

OK = "200 OK"


@dataclass(slots=True)
class Predicted:
    """A plain prediction that has succeeded, or was refused at the door, and is not yet counted.

    Args:
        noted: The request's notes.
        content: Of the answer.
        head: Of the request.
        status: Of the answer, with its phrase.
        headers: Of this answer alone, beside the request's id.
    """

    noted: RequestContext
    content: Content
    head: PlainHead
    status: str
    headers: tuple[tuple[str, str], ...]

    @property
    def is_small(self) -> bool:
        """Whether the body goes out as it is, whatever the client takes."""
        return len(self.content.body) < WORTH_IT_BYTES

    def answered(self) -> AnsweredRequest:
        """The record of the request, which ends now."""
        head = self.head
        return self.noted.answered(method="POST", path=head.path, route=head.place.route, status=int(self.status[:3]))

    @property
    def own_headers(self) -> list[tuple[str, str]]:
        """The headers that not every answer has."""
        return [(REQUEST_ID, self.noted.request_id), *self.headers, *self.content.headers.items()]


class FastPath:
    """A WSGI application in front of Flask's own.

    Args:
        whole: Flask's.
        services: Of the application.
    """

    def __init__(self, whole: "WSGIApplication", services: Services) -> None:
        self.whole = whole
        self.services = services

    @property
    def is_open(self) -> bool:
        """Whether plain predictions may come this way: traces are Flask's to make."""
        return self.services.traces is None

    @property
    def most_bytes(self) -> int:
        """The longest body."""
        return self.services.settings.max_body_bytes

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer what is plain; hand over all else."""
        predicted: Predicted | None = environ.get(PREDICTED)
        if predicted is None and TAKEN_OVER not in environ and self.is_open:
            predicted = self._predict_for(environ)
        if predicted is None:
            return self.whole(environ, start_response)
        if predicted.is_small:
            return _answer_small(self.services, predicted, start_response)
        return self._answer_large(predicted, environ, start_response)

    def _predict_for(self, environ: "WSGIEnvironment") -> Predicted | None:
        head = PlainHead.from_environ(environ, most_bytes=self.most_bytes)
        if head is None:
            return None
        outcome = self.predict(head, lambda: environ["wsgi.input"].read(head.length))
        if isinstance(outcome, Predicted):
            return outcome
        environ[TAKEN_OVER] = outcome
        return None

    def _answer_large(
        self, predicted: Predicted, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        large = Answer(predicted.content.body, predicted.status, predicted.own_headers)
        try:
            compress_answer(Request(environ), large)
        except Exception as error:  # noqa: BLE001 -- Flask's handlers make the answer
            del environ[PREDICTED]
            predicted.noted.error = error
            environ[TAKEN_OVER] = predicted.noted
            return self.whole(environ, start_response)
        finish(self.services, predicted.noted, predicted.answered())
        return large(environ, start_response)

    def predict(self, head: PlainHead, read: Callable[[], bytes]) -> Predicted | RequestContext:
        """The prediction that a plain request asks for.

        Args:
            head: Of the request.
            read: Gives its body, shorter than announced when the client stopped before.

        Returns:
            Its notes when it has failed, for Flask to take over.
        """
        noted = RequestContext(request_id_of(head.request_id))
        try:
            content = _predict(self.services, noted, head, read)
            version = noted.predictor.version if noted.predictor is not None else 0
            return Predicted(noted, content, head, OK, ((VERSION, str(version)),))
        except TooMuchAtOnce as error:
            return _refused(noted, head, error)
        except Exception as error:  # noqa: BLE001 -- Flask's handlers make the answer
            noted.error = error
            return noted


def _refused(noted: RequestContext, head: PlainHead, error: TooMuchAtOnce) -> Predicted:
    noted.error = error
    content, status, headers = _refusal(error.limit)
    return Predicted(noted, content, head, status, headers)


@lru_cache(maxsize=1)
def _refusal(limit: int) -> tuple[Content, str, tuple[tuple[str, str], ...]]:
    """What every refused request is told: the content, the status, and the headers that are its own."""
    answer = error_answer(str(TooMuchAtOnce(limit)), status=HTTPStatus.TOO_MANY_REQUESTS)
    own = (pair for pair in answer.headers.items() if pair[0] not in ("Content-Type", "Content-Length"))
    return Content(answer.get_data()), answer.status, tuple(own)


def _answer_small(services: Services, predicted: Predicted, start_response: "StartResponse") -> Iterable[bytes]:
    finish(services, predicted.noted, predicted.answered())
    body = predicted.content.body
    start_response(
        predicted.status, [("Content-Length", str(len(body))), *predicted.own_headers, *SECURITY_HEADERS.items()]
    )
    return (body,)


def _predict(services: Services, context: RequestContext, head: PlainHead, read: Callable[[], bytes]) -> Content:
    """What the endpoints do, in their order."""
    place = head.place
    admit(services, context, Scope.PREDICT, authorization=head.authorization, api_key=head.api_key)
    call = ModelCall.to(services, context, place.model, version=place.version, label=place.label)
    body = require_length(read(), head.length)
    if not place.is_predict:
        return answer_infer(call, body, header_length=head.header_length)
    return answer_predict(call, body, content_type=head.content_type, accept=NPY if head.as_npy else "")
