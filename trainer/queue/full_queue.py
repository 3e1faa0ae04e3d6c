"""A queue that takes no writes for now, its memory or its disk being full: workers wait for it, trainings go on."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from redis.exceptions import ResponseError
from rq.exceptions import StopRequested

from models.queue.refusals import refusal_of
from trainer.queue.shutdown_flag import is_shutting_down

__all__ = ["await_room", "not_waiting"]

LOOK_S = 0.5
GRACE_S = 13.0
"""How long after SIGTERM a worker goes on waiting: its training writes a checkpoint meanwhile."""
TOLD_EVERY_S = 10.0
WAITS: ContextVar[bool] = ContextVar("waits", default=True)

Answer = TypeVar("Answer")
log = logging.getLogger("trainer")


@contextmanager
def not_waiting() -> Iterator[None]:
    """Have commands fail at once when the queue's server refuses them, as it is full."""
    before = WAITS.set(False)
    try:
        yield
    finally:
        WAITS.reset(before)


def await_room(do: Callable[[], Answer]) -> Answer:
    """Call, and again for as long as the queue's server refuses to write; why it does is logged.

    Raises:
        ResponseError: Within `not_waiting`.
        StopRequested: When the process is to end; the lease of its job runs out then, and another worker resumes it.
    """
    told_s = float("-inf")
    while True:
        try:
            return do()
        except ResponseError as error:
            reason = refusal_of(error)
            if reason is None or not WAITS.get():
                raise
            if time.monotonic() - told_s >= TOLD_EVERY_S:
                told_s = time.monotonic()
                log.warning("%s: it is tried again", reason)
            if is_shutting_down(for_s=GRACE_S):
                raise StopRequested from error
        time.sleep(LOOK_S)
