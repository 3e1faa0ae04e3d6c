"""What the service refuses, and the one table that gives every error its HTTP status.

    OnehotError
    └── ServiceError
        ├── BodyTooLarge        more bytes than a request may have
        ├── UnsupportedBody     a content type that the call does not read
        ├── KeyMissing          no API key where one is needed
        ├── KeyRefused          a key that is not known here
        ├── ScopeMissing        a known key that does not open this
        ├── ForeignHost         without keys: called by a name that is not this service's
        ├── ForeignOrigin       without keys: sent by a page of another origin
        ├── TooMuchAtOnce       more requests at one time than a process answers
        ├── DeadlineExceeded    a request that took longer than it may
        ├── VersionNotLoaded    known, but it cannot answer now
        │   └── NotPromoted     its gate does not hold: it answers only requests that name it
        ├── FileNotInVersion    a file that a version does not have
        ├── NoStatistics        a version without statistics of its training rows
        ├── JobNotFound
        ├── RunNotFound         no record of such a training
        ├── JobHasEnded         there is nothing left to cancel
        ├── SearchNotFound
        ├── SearchHasEnded      there is nothing left to cancel
        ├── DatasetInUse        a data set that a job still needs
        ├── KeyReused           an Idempotency-Key that came before with another spec
        └── QueueUnavailable    the queue's server does not answer; predictions go on
            └── QueueFull       it answers, and takes no writes: its memory or its disk is full

Errors know nothing of HTTP: only the table does.
"""

from collections.abc import Iterable, Mapping
from http import HTTPStatus

from models.errors import (
    CorruptVersion,
    DataError,
    DatasetNotFound,
    GateDoesNotHold,
    InputError,
    LabelNotFound,
    ModelNotFound,
    OnehotError,
    RolloutNotFound,
    RolloutRefused,
    SpecError,
    StoreFull,
    StoreUnavailable,
    VersionInUse,
    VersionNotFound,
    shown,
)

__all__ = [
    "LASTING",
    "LOADING",
    "STATUSES",
    "BodyTooLarge",
    "DatasetInUse",
    "DeadlineExceeded",
    "FileNotInVersion",
    "ForeignHost",
    "ForeignOrigin",
    "JobHasEnded",
    "JobNotFound",
    "KeyMissing",
    "KeyRefused",
    "KeyReused",
    "NoStatistics",
    "NotPromoted",
    "QueueFull",
    "QueueUnavailable",
    "RunNotFound",
    "ScopeMissing",
    "SearchHasEnded",
    "SearchNotFound",
    "ServiceError",
    "TooMuchAtOnce",
    "UnsupportedBody",
    "VersionNotLoaded",
    "status_of",
]


LOADING = "it is being loaded"


class ServiceError(OnehotError):
    """Base of what only the service refuses."""


class BodyTooLarge(ServiceError):
    """A body with more bytes than a request may have."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        super().__init__(
            f"body: expected at most {limit_bytes} bytes; received more: send less in one request, or raise "
            "ONEHOT_MAX_BODY_BYTES where that is the limit"
        )


class UnsupportedBody(ServiceError):
    """A content type that this call does not read."""

    def __init__(self, *, expected: str, received: str) -> None:
        self.expected = expected
        self.received = received
        super().__init__(f"Content-Type: expected {expected}; received {received}")


class KeyMissing(ServiceError):
    """A request without a key where one is needed."""

    def __init__(self) -> None:
        super().__init__("an API key is needed: send it as `X-API-Key: oh_…` or `Authorization: Bearer oh_…`")


class KeyRefused(ServiceError):
    """A key that the service does not know."""

    def __init__(self) -> None:
        super().__init__("this API key is not known here: ask for one that `onehot keys list` names")


class ScopeMissing(ServiceError):
    """A known key that does not open this."""

    def __init__(self, *, key_id: str, scope: str) -> None:
        self.key_id = key_id
        self.scope = str(scope)
        needed = f"key {key_id} has not the scope {self.scope!r} that this needs"
        super().__init__(f"{needed}: `onehot keys add --scope {self.scope}`")


class ForeignHost(ServiceError):
    """A request that changes something and calls the service by a name that is not its own."""

    def __init__(self, host: str) -> None:
        self.host = host
        super().__init__(
            f"Host: expected loopback or a name of ONEHOT_ALLOWED_HOSTS, as no API keys are set; received "
            f"{shown(host)}: name it there, or set ONEHOT_API_KEYS_FILE"
        )


class ForeignOrigin(ServiceError):
    """A request that changes something and was sent by a page of another origin."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        super().__init__(
            f"Origin: expected this service's own, as no API keys are set; received {shown(origin)}: name a browser "
            "app's in ONEHOT_CORS_ORIGINS, a proxy's host in ONEHOT_ALLOWED_HOSTS, or set ONEHOT_API_KEYS_FILE"
        )


class TooMuchAtOnce(ServiceError):
    """One request more than a process answers at one time."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(
            f"{limit} requests are being answered, as many as one process takes: try again in a second, "
            "send more instances in one request, or raise ONEHOT_MAX_IN_FLIGHT or ONEHOT_WORKERS"
        )


class DeadlineExceeded(ServiceError):
    """A request that took longer than it may."""

    def __init__(self, timeout_s: float) -> None:
        self.timeout_s = timeout_s
        super().__init__(
            f"not done within {timeout_s:g} seconds: send the body faster, send fewer instances in one request, "
            "or raise ONEHOT_REQUEST_TIMEOUT_S"
        )


class VersionNotLoaded(ServiceError):
    """A version that exists and cannot answer now; without a reason, the default one, which is just being loaded."""

    def __init__(self, model: str, version: int | None, *, reason: str | None = None) -> None:
        self.model = model
        self.version = version
        self.is_loading = reason is None
        self.reason = reason = reason or LOADING
        what = f"model {model!r}" if version is None else f"version {version} of model {model!r}"
        super().__init__(f"{what} is not loaded: {reason}")


class NotPromoted(VersionNotLoaded):
    """A model none of whose versions answers by default, as a gate does not hold; asking again does not help."""

    def __init__(self, model: str, version: int, *, verdict: str) -> None:
        self.model, self.version, self.reason, self.is_loading = model, version, verdict, False
        ServiceError.__init__(
            self,
            f"no version of model {model!r} is `stable`: version {version} {verdict}; ask for it by its number, or "
            "move the label to it by force",
        )


class FileNotInVersion(ServiceError):
    """A version has no such file."""

    def __init__(self, file: str, names: Iterable[str]) -> None:
        self.file = file
        super().__init__(f"file: expected one of {', '.join(names)}; received {shown(file)}")


class NoStatistics(ServiceError):
    """A version has no statistics of its training rows, so that nothing can be compared with them."""

    def __init__(self, model: str, version: int) -> None:
        self.model = model
        self.version = version
        command = f"onehot models profile {model} {version} --data SOURCE"
        super().__init__(
            f"version {version} of model {model!r} has no statistics of its training rows: `{command}` makes them"
        )


class JobNotFound(ServiceError):
    """No such job, or no longer."""

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        super().__init__(f"no job {job_id!r}: GET /v1/jobs lists those that the queue knows")


class RunNotFound(ServiceError):
    """No record of such a training, or none that can be read."""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        super().__init__(
            f"no run {run_id!r}: GET /v1/runs lists those that have ended, GET /v1/jobs those that wait or run"
        )


class JobHasEnded(ServiceError):
    """A job that can no longer be canceled."""

    def __init__(self, job_id: str, status: str) -> None:
        self.job_id = job_id
        self.status = status
        super().__init__(
            f"job {job_id!r} has ended already, as {status}: only a job that waits or runs can be canceled"
        )


class SearchNotFound(ServiceError):
    """No such search."""

    def __init__(self, search_id: str) -> None:
        self.search_id = search_id
        super().__init__(f"no search {search_id!r}: GET /v1/searches lists them")


class SearchHasEnded(ServiceError):
    """A search that can no longer be canceled."""

    def __init__(self, search_id: str, status: str) -> None:
        self.search_id = search_id
        self.status = status
        super().__init__(f"search {search_id!r} has ended already, as {status}: only one that runs can be canceled")


class DatasetInUse(ServiceError):
    """A data set that is not deleted, as a job that waits or runs reads it."""

    def __init__(self, reference: str, job_id: str) -> None:
        self.reference = reference
        self.job_id = job_id
        super().__init__(
            f"data set {reference!r} is not deleted: job {job_id!r} waits or runs and reads it: cancel the job, or "
            "delete the data set when it has ended"
        )


class KeyReused(ServiceError):
    """An Idempotency-Key that came before with another spec."""

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        super().__init__(
            f"Idempotency-Key: expected the spec that it came with first (job {job_id!r}); received another spec: "
            "send a new key with a new spec"
        )


class QueueUnavailable(ServiceError):
    """The queue's server does not answer."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__("the queue does not answer: try again in a few seconds; predictions go on meanwhile")


class QueueFull(QueueUnavailable):
    """The queue's server answers, and takes no writes for now."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        ServiceError.__init__(
            self,
            f"{reason}: nothing can be submitted or canceled until there is room; trainings under way, predictions "
            "and all that is read go on",
        )


STATUSES: Mapping[type[OnehotError], HTTPStatus] = {
    SpecError: HTTPStatus.BAD_REQUEST,
    InputError: HTTPStatus.BAD_REQUEST,
    DataError: HTTPStatus.BAD_REQUEST,
    ModelNotFound: HTTPStatus.NOT_FOUND,
    VersionNotFound: HTTPStatus.NOT_FOUND,
    LabelNotFound: HTTPStatus.NOT_FOUND,
    DatasetNotFound: HTTPStatus.NOT_FOUND,
    FileNotInVersion: HTTPStatus.NOT_FOUND,
    NoStatistics: HTTPStatus.NOT_FOUND,
    JobNotFound: HTTPStatus.NOT_FOUND,
    RunNotFound: HTTPStatus.NOT_FOUND,
    SearchNotFound: HTTPStatus.NOT_FOUND,
    GateDoesNotHold: HTTPStatus.CONFLICT,
    VersionInUse: HTTPStatus.CONFLICT,
    RolloutNotFound: HTTPStatus.NOT_FOUND,
    RolloutRefused: HTTPStatus.CONFLICT,
    DatasetInUse: HTTPStatus.CONFLICT,
    JobHasEnded: HTTPStatus.CONFLICT,
    SearchHasEnded: HTTPStatus.CONFLICT,
    KeyReused: HTTPStatus.CONFLICT,
    BodyTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    UnsupportedBody: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    KeyMissing: HTTPStatus.UNAUTHORIZED,
    KeyRefused: HTTPStatus.UNAUTHORIZED,
    ScopeMissing: HTTPStatus.FORBIDDEN,
    ForeignHost: HTTPStatus.FORBIDDEN,
    ForeignOrigin: HTTPStatus.FORBIDDEN,
    TooMuchAtOnce: HTTPStatus.TOO_MANY_REQUESTS,
    DeadlineExceeded: HTTPStatus.GATEWAY_TIMEOUT,
    CorruptVersion: HTTPStatus.SERVICE_UNAVAILABLE,
    VersionNotLoaded: HTTPStatus.SERVICE_UNAVAILABLE,
    NotPromoted: HTTPStatus.SERVICE_UNAVAILABLE,
    StoreFull: HTTPStatus.INSUFFICIENT_STORAGE,
    StoreUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    QueueUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    QueueFull: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""Error class → status; an error that is not here is ours: 500."""


LASTING = (NotPromoted,)
"""Errors that stay until a person changes something: their answers ask for no second try."""


def status_of(error: OnehotError) -> HTTPStatus:
    """The status of an error: its class' own, else its nearest ancestor's."""
    for ancestor in type(error).__mro__:
        if ancestor in STATUSES:
            return STATUSES[ancestor]
    return HTTPStatus.INTERNAL_SERVER_ERROR
