"""Signals of a foreground command: the first one ends it in order, a further one makes the end quick."""

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType

__all__ = ["ends_as_interrupts", "signals_call"]

ENDS = (signal.SIGTERM, signal.SIGHUP)

Handler = Callable[[int, FrameType | None], object]


def ends_as_interrupts() -> AbstractContextManager[None]:
    """SIGTERM and SIGHUP raise KeyboardInterrupt, as Ctrl-C does."""
    return _handled(ENDS, signal.default_int_handler)


def signals_call(action: Callable[[], None]) -> AbstractContextManager[None]:
    """Ctrl-C, SIGTERM and SIGHUP call an action instead of raising."""
    return _handled((signal.SIGINT, *ENDS), lambda _number, _frame: action())


@contextmanager
def _handled(numbers: tuple[signal.Signals, ...], handler: Handler) -> Iterator[None]:
    """Handle signals; those that the parent process ignored, as nohup does, stay ignored."""
    heeded = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handler) for number in heeded}
    try:
        yield
    finally:
        for number, handler_before in before.items():
            signal.signal(number, handler_before)
