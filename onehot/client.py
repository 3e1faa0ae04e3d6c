"""The service for the commands: `onehot_client` with the command line's errors."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self, TypeVar

from onehot_client import (
    Client,
    InvalidInput,
    OnehotError,
    Response,
    RetryPolicy,
    ServiceError,
    Unavailable,
)
from onehot_client import ServiceUnreachable as NotReached
from onehot_client.http.calls import Steps
from onehot_client.operations.paths import model_path

from models.settings import Settings
from onehot.failures import ServiceRefused, ServiceUnreachable, WorkFailed, WrongUsage

__all__ = ["Service", "in_words", "model_path"]

T = TypeVar("T")

ATTEMPTS = 3
"""A person who waits sees soon that nothing answers, and never that a worker was replaced."""


class Service(Client):
    """A client of one service.

    Args:
        url: Where it runs, such as `http://127.0.0.1:8501`.
        api_key: Sent with every request where given.

    Attributes:
        is_here: Whether it runs on this machine.

    Raises:
        ServiceUnreachable: When the address is not one of HTTP.
    """

    def __init__(self, url: str, *, api_key: str | None = None) -> None:
        try:
            super().__init__(url, api_key=api_key, retries=RetryPolicy(attempts=ATTEMPTS))
        except InvalidInput as error:
            raise ServiceUnreachable(url, f"expected {error.expected}") from error

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The service that the settings name."""
        return cls(settings.url, api_key=settings.api_key)

    def get(self, path: str, *, params: Mapping[str, str] | None = None) -> Any:
        """The JSON document at a path."""
        return self.call("GET", path, params=params).json()

    def call(self, method: str, path: str, *, params: Mapping[str, str] | None = None, **content: Any) -> Response:
        """Send one request, with the arguments of `Client.request` for its content.

        Raises:
            ServiceUnreachable: When nothing answers.
            ServiceRefused: When the answer is an error.
        """
        return self.request(method, path, params=params or {}, **content)

    def perform(self, steps: Steps[T]) -> T:
        """Do an operation, as `Client.perform`, with the errors of commands."""
        with in_words():
            return super().perform(steps)


@contextmanager
def in_words() -> Iterator[None]:
    """Turn the client's errors into those of commands.

    Raises:
        ServiceUnreachable: When nothing answers.
        ServiceRefused: When the answer is an error.
        WrongUsage: When what was given cannot be sent.
        WorkFailed: For everything else.
    """
    try:
        yield
    except NotReached as error:
        raise ServiceUnreachable(error.url, error.reason) from error
    except ServiceError as error:
        # Of the service's own 503, those without Retry-After stay until a person changes something.
        may_retry = not isinstance(error, Unavailable) or error.retry_after_s is not None
        raise ServiceRefused(
            status=error.status, reason=error.sentence, details=error.details, may_retry=may_retry
        ) from error
    except InvalidInput as error:
        raise WrongUsage(str(error)) from error
    except OnehotError as error:
        raise WorkFailed(str(error)) from error
