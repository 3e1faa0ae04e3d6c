"""Blocking work beside the event loop."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import gevent
from gevent import monkey

__all__ = ["give_way", "has_event_loop", "run_in_thread"]

PAUSE_S = 0.001

P = ParamSpec("P")
R = TypeVar("R")


def has_event_loop() -> bool:
    """Whether this process serves under gevent."""
    return bool(monkey.is_module_patched("threading"))


def give_way() -> None:
    """Let other requests go first, in the middle of work that takes long.

    A pause of no length would not do: the event loop goes on for some milliseconds with what is ready before it looks
    at its connections.
    """
    if has_event_loop():
        gevent.sleep(PAUSE_S)


def run_in_thread(call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Make a call that blocks, such as one to the store, and let other requests go on meanwhile.

    Under gevent it runs in a real thread of the hub's pool; without gevent the calling thread is the thread.
    """
    if not has_event_loop():
        return call(*args, **kwargs)

    def outcome() -> tuple[R | None, BaseException | None]:
        # Raised inside, gevent would print a traceback of its own.
        try:
            return call(*args, **kwargs), None
        except BaseException as error:  # noqa: BLE001 -- it is raised again where the call was made
            return None, error

    result, error = gevent.get_hub().threadpool.apply(outcome)
    if error is not None:
        raise error
    return cast("R", result)
