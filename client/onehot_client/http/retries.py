"""What is tried again, when, and for how long: an operation's calls made into attempts and pauses."""

import random
import time
from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime, timezone
from enum import Enum
from typing import Any, TypeVar

from onehot_client.errors import (
    ConnectionLost,
    DeadlineExceeded,
    OnehotError,
    Overloaded,
    ServiceError,
    ServiceUnreachable,
    Unavailable,
    service_error,
)
from onehot_client.http.calls import Call, Response, Steps

__all__ = [
    "Action",
    "Actions",
    "Attempt",
    "Deadline",
    "Failure",
    "Loss",
    "Outcome",
    "Pause",
    "RetryPolicy",
    "error_of",
    "with_retries",
]

T = TypeVar("T")


class Loss(Enum):
    """How far a request came that has no answer."""

    NOT_SENT = "nothing was sent"
    SENT = "it was sent, or a part of it"
    TIMED_OUT = "no answer in time"


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt without an answer.

    Args:
        url: Of the service.
        reason: In a few words.
        loss: How far it came.
    """

    url: str
    reason: str
    loss: Loss

    def error(self) -> ServiceUnreachable:
        """As it is raised."""
        kinds = {Loss.NOT_SENT: ServiceUnreachable, Loss.SENT: ConnectionLost, Loss.TIMED_OUT: DeadlineExceeded}
        return kinds[self.loss](self.url, self.reason)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A call to be sent now.

    Args:
        call: What is sent.
        left_s: How long it may take; None: as long as something moves.
    """

    call: Call
    left_s: float | None


@dataclass(frozen=True, slots=True)
class Pause:
    """Seconds to wait."""

    seconds: float


Action = Attempt | Pause
Outcome = Response | Failure
Actions = Generator[Action, Any, T]
"""Yields what is to be done, and is sent the outcome of each attempt."""


class Deadline:
    """When a call must be over.

    Args:
        seconds: From now; None for never.
    """

    __slots__ = ("_end_s",)

    def __init__(self, seconds: float | None) -> None:
        self._end_s = None if seconds is None else time.monotonic() + seconds

    def left_s(self) -> float | None:
        """Seconds that are left, never below zero; None for any number."""
        return None if self._end_s is None else max(self._end_s - time.monotonic(), 0.0)

    def allows(self, pause_s: float) -> bool:
        """Whether something can follow a pause."""
        left_s = self.left_s()
        return left_s is None or pause_s < left_s


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a call is tried, and how long is waited between two tries.

    Args:
        attempts: At most so many tries of one call; 1: no second one.
        first_pause_s: After the first; each pause is twice the one before, shortened at random by up to a half, so that
            callers who failed together do not come back together.
        longest_pause_s: What the pauses grow to.
    """

    attempts: int = 10
    first_pause_s: float = 0.05
    longest_pause_s: float = 2.0

    def pause_s(self, number: int, error: OnehotError, call: Call) -> float | None:
        """Seconds until the next try after the `number`-th failed, counted from 1; None for no next try."""
        if number >= self.attempts or not may_pass(error, call):
            return None
        longest_s = min(self.first_pause_s * 2.0 ** (number - 1), self.longest_pause_s)
        asked_s = getattr(error, "retry_after_s", None) or 0.0
        return float(asked_s) + longest_s * random.uniform(0.5, 1.0)  # noqa: S311 -- spreads callers, guards no secret


def may_pass(error: OnehotError, call: Call) -> bool:
    """Whether the same call may well succeed soon, and does no harm when it is done twice."""
    if isinstance(error, ServiceUnreachable):
        is_lost = isinstance(error, ConnectionLost)
        return not isinstance(error, DeadlineExceeded) and (call.is_repeatable or not is_lost)
    if isinstance(error, Unavailable):
        return error.retry_after_s is not None or not error.is_own  # the service itself says when to come again
    return isinstance(error, Overloaded)


def error_of(response: Response) -> ServiceError:
    """The error that an answer is."""
    try:
        document = response.json()
    except OnehotError:
        document = None
    retry_after_s = _seconds(response.headers.get("Retry-After"))
    return service_error(response.status, document, request_id=response.request_id, retry_after_s=retry_after_s)


def _seconds(text: str | None) -> float | None:
    """The header `Retry-After`: seconds, or a date."""
    if not text or (text.isascii() and text.isdecimal()):
        return float(text) if text else None
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 -- only proxies send dates

    try:
        left = parsedate_to_datetime(text) - datetime.now(timezone.utc)
    except (TypeError, ValueError):
        return None
    return max(left.total_seconds(), 0.0)


def with_retries(steps: Steps[T], policy: RetryPolicy, deadline: Deadline) -> Actions[T]:
    """The attempts and pauses of an operation, which returns what the operation returns.

    Raises:
        OnehotError: The operation's own, or that of a call that is not tried again.
    """
    try:
        call = next(steps)
        while True:
            try:
                response = yield from _attempts(call, policy, deadline)
            except OnehotError as error:  # noqa: PERF203 -- a call over HTTP takes longer
                call = steps.throw(error)
            else:
                call = steps.send(response)
    except StopIteration as end:
        result: T = end.value
        return result


def _attempts(call: Call, policy: RetryPolicy, deadline: Deadline) -> Actions[Response]:
    """One call, tried until it succeeds or is given up."""
    number = 0
    while True:
        number += 1
        outcome: Outcome = yield Attempt(call, None if call.is_long else deadline.left_s())
        if isinstance(outcome, Response) and outcome.is_success:
            return outcome
        error = error_of(outcome) if isinstance(outcome, Response) else outcome.error()
        pause_s = policy.pause_s(number, error, call)
        if pause_s is None or not deadline.allows(pause_s):
            raise error
        yield Pause(pause_s)
