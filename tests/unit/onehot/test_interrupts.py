import os
import signal

import pytest

from onehot.local.interrupts import ends_as_interrupts, signals_call


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_request_to_end_is_like_ctrl_c(number):
    """One way out for all of them; afterwards the signal means what it meant before."""
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), ends_as_interrupts():
        os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before


def test_while_everything_stops_a_signal_only_calls_what_makes_it_quick():
    """Nothing is raised in the middle of it."""
    calls = []
    with signals_call(lambda: calls.append("quick")):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
    assert calls == ["quick", "quick"]


def test_a_signal_that_nohup_ignores_stays_ignored():
    """`nohup onehot up` goes on when its terminal is closed."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ends_as_interrupts():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
