"""Upper bounds on time that hold on a machine that does other things as well, and that a fault exceeds all the same.

What a test must not do is compare a clock with a bound by itself: the machine may be busy, and a large process collects
its garbage whenever it likes. There are three kinds:

- **Work that has to be quick** (`assert_quick`): the processor time of the thread that does it, in the quickest of a
  few tries. A quadratic algorithm is as slow in each of them.
- **Something that is not waited for** (`not_waiting_for`): done before that would be over. The test makes it long
  enough for any machine: half a minute and more.
- **A promise in seconds** (`promised_s`): held to the letter where nothing else runs, in the long forms of the tests
  (PATIENCE=1); elsewhere six times as long, which a fault exceeds as it never ends.

Where steps can be counted in the place of seconds, a test counts them.
"""

import gc
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

TRIES = 5
SHORTEST_WAIT_S = 15.0
"""What a busy machine may take for something that takes a moment."""
PATIENCE = float(os.environ.get("PATIENCE", "6"))


def assert_quick(work: Callable[[], object], *, most_s: float, clock_s: Callable[[], float] = time.thread_time) -> None:
    """The work takes less than so much time in the quickest of up to five tries.

    Args:
        work: Does the same each time.
        most_s: In seconds of the clock.
        clock_s: That of this thread's processor time, unless the work is done by others.
    """
    tries: list[float] = []
    while len(tries) < TRIES and min(tries, default=most_s) >= most_s:
        tries.append(_spent_s(work, clock_s))
    taken = ", ".join(f"{one:.3f}" for one in tries)
    assert min(tries) < most_s, f"expected less than {most_s:g} s in one of {TRIES} tries: {taken}"


def _spent_s(work: Callable[[], object], clock_s: Callable[[], float]) -> float:
    """Time of the work; of the garbage only its own is collected, not that of everything before."""
    gc.freeze()
    began_s = clock_s()
    try:
        work()
        return clock_s() - began_s
    finally:
        gc.unfreeze()


@contextmanager
def not_waiting_for(what: str, *, lasts_s: float, clock_s: Callable[[], float] = time.monotonic) -> Iterator[None]:
    """What is done inside is over before something would be that it must not wait for.

    Args:
        what: That is not waited for.
        lasts_s: How long that would take; long enough that no busy machine is as slow.
        clock_s: In seconds.
    """
    assert lasts_s >= SHORTEST_WAIT_S, f"{what}: a busy machine may take {lasts_s:g} s; make it longer"
    began_s = clock_s()
    yield
    took_s = clock_s() - began_s
    assert took_s < lasts_s, f"{took_s:.1f} s, as long as {what}, which must not be waited for"


def promised_s(seconds: float) -> float:
    """A promise, as long as this machine may take for it."""
    return seconds * PATIENCE
