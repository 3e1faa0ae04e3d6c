"""Retries of a store that does not answer, for half a minute: a training is worth more than that.

Not by `stamina`, which sleeps through the whole wait: a training must notice meanwhile that it is canceled.
"""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from models.errors import StoreFull, StoreUnavailable
from trainer.fit.progress import TrainingObserver

__all__ = ["WAITS_S", "retry_store"]

WAITS_S = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
LOOK_S = 0.5

Answer = TypeVar("Answer")


def retry_store(ask: Callable[[], Answer], *, observer: TrainingObserver) -> Answer:
    """Ask the store repeatedly before it counts as unreachable.

    Args:
        ask: May be called more than once.
        observer: Asked while waiting whether to go on.

    Raises:
        StoreUnavailable: The last one; a full store is not waited for.
    """
    for wait_s in WAITS_S:
        try:
            return ask()
        except StoreFull:
            raise
        except StoreUnavailable as error:
            logging.getLogger("trainer").warning("%s; trying again in %g s", error, wait_s)
            _wait(wait_s, observer)
    return ask()


def _wait(wait_s: float, observer: TrainingObserver) -> None:
    end_s = time.monotonic() + wait_s
    while (left_s := end_s - time.monotonic()) > 0:
        observer.check()
        time.sleep(min(left_s, LOOK_S))
