"""The route that is called most, without what Flask does around it.

A plain prediction, `POST …:predict` or `POST …/infer` with a body of known length, goes through the same functions
here as in its endpoint: admit, decode, compute, encode, finish. Only successes are answered here, and refusals because
there is too much to do: these must cost less than an answer. Whatever else fails, and every other request, goes to
Flask; a failure takes its context along, and Flask raises the same error again where it makes answers of errors.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus

from service.auth.scopes import Scope
from service.endpoints.inference_protocol import answer_infer
from service.endpoints.model_call import ModelCall
from service.endpoints.prediction import answer_predict
from service.errors import TooMuchAtOnce
from service.fast_path.request_reader import PlainHead
from service.http.content_encoding import compressed_for
from service.http.context import RequestContext, Services
from service.http.lifecycle import REQUEST_ID, VERSION, admit, finish, ignored_columns, request_id_of
from service.http.request_bodies import decoded_body
from service.http.responses import error_answer
from service.protocols.content import Content

__all__ = ["FastPath", "PlainAnswer"]


@dataclass(slots=True)
class PlainAnswer:
    """The answer to a plain prediction; its headers are those that not every answer has."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class FastPath:
    """Answers plain predictions."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.most_bytes = services.settings.max_body_bytes
        """The longest body."""

    @property
    def is_open(self) -> bool:
        """Whether plain predictions may come this way: traces are Flask's to make."""
        return self._services.traces is None

    def answer(self, head: PlainHead, read: Callable[[], bytes]) -> PlainAnswer | RequestContext:
        """The answer to a plain request, counted and logged.

        Args:
            head: Of the request.
            read: Gives its body, shorter than announced when the client stopped before.

        Returns:
            The request's context when it has failed, for Flask to take over.
        """
        header = head.headers.get
        context = RequestContext(request_id_of(header("x-request-id", "")), header=header)
        try:
            answer = self._predict(context, head, read)
        except TooMuchAtOnce as error:
            context.error = error
            refusal = _refusal(error.limit)
            shared = self._services.cross_origin.headers(head.headers.get("origin"))
            headers = [(REQUEST_ID, context.request_id), *refusal.headers.items(), *shared]
            answer = PlainAnswer(429, headers, refusal.body)
        except Exception as error:  # noqa: BLE001 -- Flask's handlers make the answer
            context.error = error
            return context
        route, status = head.prediction.route, answer.status
        finish(self._services, context, context.answered(method="POST", path=head.path, route=route, status=status))
        return answer

    def _predict(self, context: RequestContext, head: PlainHead, read: Callable[[], bytes]) -> PlainAnswer:
        services, asked, header = self._services, head.prediction, head.headers.get
        admit(services, context, Scope.PREDICT, authorization=header("authorization"), api_key=header("x-api-key"))
        call = ModelCall.to(services, context, asked.model, version=asked.version, label=asked.label)
        body = decoded_body(read(), head.length, encoding=header("content-encoding"), limit_bytes=self.most_bytes)
        if asked.is_predict:
            content = answer_predict(call, body, content_type=header("content-type", ""), accept=header("accept", ""))
        else:
            content = answer_infer(call, body, header_length=header("inference-header-content-length"))
        sent, encoding = compressed_for(header("accept-encoding", ""), content.body)
        own = [(REQUEST_ID, context.request_id), (VERSION, str(call.predictor.version))]
        if context.ignored_columns:
            own += ignored_columns(context).items()
        shared = services.cross_origin.headers(header("origin"))
        return PlainAnswer(200, [*own, *content.headers.items(), *encoding.items(), *shared], sent)


@lru_cache(maxsize=1)
def _refusal(limit: int) -> Content:
    """What every refused request is told."""
    answer = error_answer(str(TooMuchAtOnce(limit)), status=HTTPStatus.TOO_MANY_REQUESTS)
    return Content(answer.get_data(), {name: text for name, text in answer.headers.items() if name != "Content-Length"})
