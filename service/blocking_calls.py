"""Blocking work beside the event loop."""

import math
import time
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar, cast

import gevent
from gevent import monkey

__all__ = ["give_way", "has_event_loop", "new_lock", "run_in_thread", "several_at_once", "start_thread"]

PAUSE_S = 0.001

P = ParamSpec("P")
R = TypeVar("R")
Item = TypeVar("Item")

MOST_AT_ONCE = 32

# Real ones: gevent's own would all run in the thread that starts them.
start_thread = monkey.get_original("_thread", "start_new_thread")
new_lock = monkey.get_original("_thread", "allocate_lock")


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


def several_at_once(
    call: Callable[[Item], R], items: Sequence[Item], *, patience_s: float | None = None
) -> dict[Item, R]:
    """Make a blocking call for each item, several at one time; in a thread that may block.

    Args:
        call: What is called.
        items: Each another one.
        patience_s: How long to wait; what is not done by then is left out.

    Raises:
        BaseException: The first that a call raised.
    """
    results: dict[Item, R] = {}
    errors: list[BaseException] = []
    pending = iter(list(items))

    def work(done: Any) -> None:
        try:
            for item in pending:
                if errors or time.monotonic() > end_s:
                    break
                results[item] = call(item)
        except BaseException as error:  # noqa: BLE001 -- it is raised again where the calls were made
            errors.append(error)
        done.release()

    end_s = math.inf if patience_s is None else time.monotonic() + patience_s
    locks = [new_lock() for _ in range(min(MOST_AT_ONCE, len(items)))]
    for lock in locks:
        lock.acquire()
        start_thread(work, (lock,))
    for lock in locks:
        lock.acquire(timeout=-1 if patience_s is None else max(0.0, end_s - time.monotonic()))
    if errors:
        raise errors[0]
    return dict(results)
