"""Signals of a foreground command: the first one ends it in order, a further one makes the end quick."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["ends_as_interrupts", "signals_call"]

ENDS = (signal.SIGTERM, signal.SIGHUP)
ENDS_AND_INTERRUPT = (signal.SIGINT, *ENDS)

Handler = Callable[[int, FrameType | None], object]


@contextmanager
def ends_as_interrupts() -> Iterator[None]:
    """SIGTERM and SIGHUP raise KeyboardInterrupt, as Ctrl-C does."""
    with _handled(ENDS, signal.default_int_handler):
        yield


@contextmanager
def signals_call(action: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C, SIGTERM and SIGHUP call an action instead of raising."""
    with _handled(ENDS_AND_INTERRUPT, lambda _number, _frame: action()):
        yield


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
