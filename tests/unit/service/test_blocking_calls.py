import subprocess
import sys

import pytest

from service.blocking_calls import run_in_thread


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
