"""What can go wrong with a call.

    OnehotError
    ├── InvalidInput            rows, a spec or an address that cannot be sent at all (a ValueError too)
    ├── ServiceUnreachable      no answer
    │   ├── ConnectionLost      it was sent, and the connection broke before the answer
    │   └── DeadlineExceeded    the call's deadline passed
    ├── UnexpectedAnswer        a success that is not what Onehot says, such as a proxy's page
    ├── ServiceError            the service refused; each carries what it said
    │   ├── BadRequest          400, 405, 415, 422
    │   ├── NotAuthenticated    401
    │   ├── NotAllowed          403
    │   ├── NotFound            404
    │   ├── Conflict            409
    │   ├── TooLarge            413
    │   ├── Overloaded          429
    │   ├── InternalError       500
    │   └── Unavailable         502, 503, 504, 507
    └── TrainingFailed          a job that was waited for ended without a version

Each builds its message from its fields.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

__all__ = [
    "BadRequest",
    "Conflict",
    "ConnectionLost",
    "DeadlineExceeded",
    "Detail",
    "InternalError",
    "InvalidInput",
    "NotAllowed",
    "NotAuthenticated",
    "NotFound",
    "OnehotError",
    "Overloaded",
    "ServiceError",
    "ServiceUnreachable",
    "TooLarge",
    "TrainingFailed",
    "Unavailable",
    "UnexpectedAnswer",
    "service_error",
]

SERVER_ERROR = 500


class OnehotError(Exception):
    """Base of all errors of this package."""


class InvalidInput(OnehotError, ValueError):
    """Something that cannot be sent at all.

    Args:
        where: What it is: `rows`, `spec`, `url`.
        expected: What it should be.
        received: What it is instead.
    """

    def __init__(self, where: str, *, expected: str, received: str) -> None:
        self.where = where
        self.expected = expected
        self.received = received
        super().__init__(f"{where}: expected {expected}; received {received}")


class ServiceUnreachable(OnehotError):
    """Nothing answers at the service's address.

    Args:
        url: Its address.
        reason: Why, in a few words.
    """

    def __init__(self, url: str, reason: str) -> None:
        self.url = url
        self.reason = reason
        super().__init__(f"no service answers at {url} ({reason})")


class ConnectionLost(ServiceUnreachable):
    """The request was sent and the connection broke before the answer: it may or may not have been done."""


class DeadlineExceeded(ServiceUnreachable):
    """The deadline of the call passed before an answer came."""


class UnexpectedAnswer(OnehotError):
    """A success that is not what Onehot says.

    Args:
        where: The call, as `GET http://127.0.0.1:8501/v1/models`.
        expected: What the call answers.
        received: What came.
    """

    def __init__(self, where: str, *, expected: str, received: str) -> None:
        self.where = where
        self.expected = expected
        self.received = received
        super().__init__(f"{where}: expected {expected}; received {received}")


class Detail(NamedTuple):
    """One of several problems: where it is, and what is wrong there."""

    path: str
    message: str


class ServiceError(OnehotError):
    """The service answered with an error.

    Args:
        status: Of HTTP.
        message: Its sentence.
        details: The places, where it names several.
        request_id: Finds the line in the service's log.
        retry_after_s: When to try again; None where trying again does not help.
        is_own: Whether the service says it itself, and no proxy in front of it.
    """

    def __init__(
        self,
        *,
        status: int,
        message: str,
        details: Sequence[Detail] = (),
        request_id: str | None = None,
        retry_after_s: float | None = None,
        is_own: bool = True,
    ) -> None:
        self.status = status
        self.message = message
        self.details = tuple(details)
        self.request_id = request_id
        self.retry_after_s = retry_after_s
        self.is_own = is_own
        super().__init__("\n".join([self.sentence, *(f"  {path}: {text}" for path, text in self.details)]))

    @property
    def sentence(self) -> str:
        """The message, with the request id where the fault is the service's and the message does not name it."""
        is_told = self.status < SERVER_ERROR or not self.request_id or self.request_id in self.message
        return self.message if is_told else f"{self.message} (request {self.request_id})"


class BadRequest(ServiceError):
    """What was sent is wrong: rows of another shape, a spec with problems."""


class NotAuthenticated(ServiceError):
    """No API key, or one that is not known."""


class NotAllowed(ServiceError):
    """A key without the scope that the call needs, or a call from another site."""


class NotFound(ServiceError):
    """No such model, version, label, job or data set."""


class Conflict(ServiceError):
    """It is not done as things stand: a gate that does not hold, a version in use, a job that has ended."""


class TooLarge(ServiceError):
    """A body of more bytes than the service takes in one request."""


class Overloaded(ServiceError):
    """More requests at one time than the service answers."""


class InternalError(ServiceError):
    """A fault of the service: its log says more under the request id."""


class Unavailable(ServiceError):
    """The service, or what it needs for this call, is away or full."""


class TrainingFailed(OnehotError):
    """A job ended without a version.

    Args:
        job_id: Of the job.
        status: How it ended: `failed`, `stopped`, `canceled`.
        reason: Why, as far as the service knows it.
    """

    def __init__(self, job_id: str, status: str, reason: str | None) -> None:
        self.job_id = job_id
        self.status = status
        self.reason = reason
        super().__init__(f"job {job_id} {status}" + (f": {reason}" if reason else ""))


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


CLASSES: Mapping[int, type[ServiceError]] = {
    401: NotAuthenticated, 403: NotAllowed, 404: NotFound, 409: Conflict, 413: TooLarge, 429: Overloaded,
    500: InternalError, 502: Unavailable, 503: Unavailable, 504: Unavailable, 507: Unavailable,
}  # fmt: skip


def service_error(status: int, document: Any, *, request_id: str | None, retry_after_s: float | None) -> ServiceError:
    """The error that an answer is.

    Args:
        status: Of HTTP.
        document: Of the answer; anything, where it is not the service's own.
        request_id: Of the answer.
        retry_after_s: Of the answer.
    """
    known = document if isinstance(document, dict) else {}
    message = str(known.get("error") or f"the service answered HTTP {status} {_phrase(status)}".rstrip())
    given = known.get("details")
    details = [Detail(str(one.get("path")), str(one.get("message"))) for one in given or () if isinstance(one, dict)]
    usual = BadRequest if status < SERVER_ERROR else InternalError
    return CLASSES.get(status, usual)(
        status=status,
        message=message,
        details=details,
        request_id=request_id,
        retry_after_s=retry_after_s,
        is_own="error" in known,
    )
