import subprocess
import sys
import threading

import pytest

from service.blocking_calls import run_in_thread, several_at_once
from tests.timing import not_waiting_for


def test_without_gevent_it_is_a_plain_call() -> None:
    """Result and error are the call's own."""
    assert run_in_thread(lambda a, b: a + b, 1, b=2) == 3
    with pytest.raises(KeyError):
        run_in_thread({}.__getitem__, "x")


def test_under_gevent_other_work_goes_on_meanwhile() -> None:
    """A call that blocks for real does not stop the event loop, and its error arrives without noise."""
    code = """if True:
        from gevent import monkey, spawn, get_hub
        monkey.patch_all()
        real_event = monkey.get_original("threading", "Event")
        from service.blocking_calls import run_in_thread
        release = real_event()
        spawn(release.set)
        assert run_in_thread(release.wait, 30)
        try:
            run_in_thread(int, "x")
        except ValueError:
            print("done")
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "done"
    assert done.stderr == ""


def test_several_calls_are_made_at_one_time() -> None:
    """Each has its result, also under gevent in a real thread; the first error is raised."""
    code = """if True:
        import sys
        from gevent import monkey
        if sys.argv[1] == "gevent":
            monkey.patch_all()
        sleep = monkey.get_original("time", "sleep")  # locks of threading are gevent's by now
        from service.blocking_calls import run_in_thread, several_at_once
        arrived = []
        def double(number):
            arrived.append(number)
            while len(arrived) < 4:
                sleep(0.001)
            return number * 2
        assert run_in_thread(several_at_once, double, range(8)) == {n: n * 2 for n in range(8)}
        assert run_in_thread(several_at_once, double, []) == {}
        try:
            run_in_thread(several_at_once, int, ["1", "x", "2"])
        except ValueError:
            print("done")
    """
    for kind in ("plain", "gevent"):
        done = subprocess.run(
            [sys.executable, "-c", code, kind], capture_output=True, text=True, check=True, timeout=60
        )
        assert (done.stdout.strip(), done.stderr) == ("done", "")


def test_what_takes_too_long_is_not_waited_for() -> None:
    """What is done by then is there."""
    release = threading.Event()
    try:
        with not_waiting_for("a call that takes too long", lasts_s=60):
            found = several_at_once(lambda waits: release.wait(60) if waits else "done", [True, False], patience_s=0.2)
        assert found == {False: "done"}
    finally:
        release.set()
