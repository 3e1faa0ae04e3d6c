import subprocess
import sys
import time

import pytest

from service.admission import Admission
from service.errors import DeadlineExceeded, TooMuchAtOnce


def test_so_many_are_let_in_and_no_more() -> None:
    """Until one leaves; who was not let in leaves nothing behind."""
    admission = Admission(most=2, timeout_s=30)
    now_s = time.perf_counter()
    first, _ = admission.enter(now_s), admission.enter(now_s)
    with pytest.raises(TooMuchAtOnce, match="2 requests"):
        admission.enter(now_s)
    admission.leave(None)
    assert admission.in_flight == 2
    admission.leave(first)
    admission.leave(first)
    admission.enter(now_s)
    assert admission.in_flight == 2


def test_what_would_end_too_late_is_not_begun() -> None:
    """The limit is told."""
    admission = Admission(most=1, timeout_s=300)
    admission.check(time.perf_counter() - 200)
    with pytest.raises(DeadlineExceeded, match="300 seconds"):
        admission.check(time.perf_counter() - 301)


WAITING = """
from gevent import monkey
monkey.patch_all()
import time, threading
from service.admission import Admission
from service.errors import DeadlineExceeded
from service.blocking_calls import run_in_thread

admission = Admission(most=9, timeout_s=0.1)
admission.start()
said = []

def request(wait):
    ticket = admission.enter(time.perf_counter())
    try:
        wait()
        said.append("done")
    except DeadlineExceeded:
        said.append("ended")
    admission.leave(ticket)
    time.sleep(0.3)  # the same greenlet goes on with its connection, and is left alone
    said.append("left alone")

never = threading.Event()
waits = [never.wait, lambda: time.sleep(20), lambda: run_in_thread(time.sleep, 0.01), lambda: None]
threads = [threading.Thread(target=request, args=(wait,)) for wait in waits]
[thread.start() for thread in threads]
[thread.join(10) for thread in threads]
print(sorted(said), admission.in_flight)
"""


def test_a_request_that_waits_too_long_is_ended_where_it_waits() -> None:
    """Only it, and only while it is one: the connection's next request is not touched."""
    run = subprocess.run([sys.executable, "-c", WAITING], capture_output=True, text=True, timeout=60, check=True)
    assert run.stdout.strip() == f"{['done'] * 2 + ['ended'] * 2 + ['left alone'] * 4} 0"
    assert not run.stderr


WAITING_FOR_EACH_OTHER = """
from gevent import monkey
monkey.patch_all()
import gevent, time
from service.admission import Admission
from service.errors import TooMuchAtOnce

admission = Admission(most=2, timeout_s=30)
admission.start()
gevent.sleep(0.01)

def answer():
    try:
        admission.leave(admission.enter(time.perf_counter()))
        return "answered"
    except TooMuchAtOnce:
        return "refused"

print([answer() for _ in range(3)], admission.in_flight)
gevent.sleep(0.01)
print([answer() for _ in range(3)], admission.in_flight)
"""


def test_what_waits_for_each_other_counts_as_at_one_time() -> None:
    """The event loop found it waiting all at once; at its next turn there is room again."""
    run = subprocess.run(
        [sys.executable, "-c", WAITING_FOR_EACH_OTHER], capture_output=True, text=True, timeout=60, check=True
    )
    assert run.stdout.splitlines() == [f"{['answered', 'answered', 'refused']} 0"] * 2
