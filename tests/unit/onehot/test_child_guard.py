import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from onehot.local.child import Child, Program

DEADLINE_S = 60.0
SLEEPS = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
SCATTERS = """
import os, subprocess, sys, time
inner = "import os, time; os.setpgid(0, 0); print(os.getpid(), flush=True); time.sleep(600)"
process = subprocess.Popen([sys.executable, "-S", "-c", inner])
print(os.getpid(), flush=True)
time.sleep(600)
"""
STARTS_AND_WAITS = """
import os, sys, time
from onehot.local.child import Child, Program
child = Child(Program("scatters", [sys.executable, "-S", "-c", sys.argv[1]], dict(os.environ), grace_s=0.5),
              lambda name, line: print(line, flush=True))
time.sleep(600)
"""


def python(code: str) -> list[str]:
    return [sys.executable, "-S", "-c", code]


def eventually(holds, what: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def started(code: str, *, grace_s: float = 5.0) -> tuple[Child, list[str]]:
    lines: list[str] = []
    child = Child(Program("test", python(code), dict(os.environ), grace_s=grace_s), lambda _, line: lines.append(line))
    return child, lines


@pytest.mark.parametrize(("code", "status"), [("raise SystemExit(0)", 0), ("raise SystemExit(7)", 7)])
def test_the_status_of_the_command_is_passed_on(code, status):
    """The guard's exit status says how the command ended."""
    child, _ = started(code)
    assert child.wait() == status


def test_a_command_that_a_signal_ended_counts_as_in_a_shell():
    """128 + 9 for SIGKILL."""
    child, _ = started("import os; os.kill(os.getpid(), 9)")
    assert child.wait() == 137


def test_a_command_that_is_not_there_is_named():
    """A wrong path is a message and a status, no traceback."""
    lines: list[str] = []
    child = Child(Program("test", ["/nowhere/tool"], dict(os.environ)), lambda _, line: lines.append(line))
    assert child.wait() == 127
    assert lines == ["/nowhere/tool: No such file or directory"]


def test_stopping_lets_the_command_end_by_itself():
    """SIGTERM comes first, and the command's own handler runs."""
    # os.write: the signal may come while `print` is still in the stream.
    code = f"import os, signal, sys; signal.signal(15, lambda *_: (os.write(1, b'bye\\n'), sys.exit(3)))\n{SLEEPS}"
    child, lines = started(code)
    eventually(lambda: lines == ["up"], "the command speaks")
    assert child.stop() == 3
    assert lines == ["up", "bye"]


def test_a_command_that_ignores_the_request_is_killed_after_its_grace():
    """The wait has an end."""
    child, lines = started(STUBBORN, grace_s=0.2)
    eventually(lambda: lines == ["up"], "the command speaks")
    assert child.stop() == 137


def test_asking_twice_ends_the_grace():
    """A second Ctrl-C is quick."""
    child, lines = started(STUBBORN, grace_s=600.0)
    eventually(lambda: lines == ["up"], "the command speaks")
    child.ask_to_stop()
    eventually(lambda: psutil.Process(child.pid).is_running(), "the guard took the first request")
    deadline = time.monotonic() + DEADLINE_S
    while child.poll() is None and time.monotonic() < deadline:
        child.ask_to_stop()
        time.sleep(0.05)
    assert child.wait() == 137


def test_descendants_in_other_process_groups_end_with_the_command():
    """A work-horse leaves its parent's group; it is still found."""
    child, lines = started(SCATTERS)
    eventually(lambda: len(lines) == 2, "both processes speak")
    child.stop()
    assert not any(is_running(int(pid)) for pid in lines)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_is_left_when_the_starting_process_is_killed(number):
    """The kernel closes the guard, whatever ended its holder."""
    command = [sys.executable, "-c", STARTS_AND_WAITS, SCATTERS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        pids = [int(holder.stdout.readline()) for _ in range(2)]
        (guard,) = psutil.Process(holder.pid).children()
        holder.send_signal(number)
        holder.wait()
    eventually(lambda: not any(map(is_running, [guard.pid, *pids])), "everything ends")


def test_a_killed_leash_takes_its_command_along():
    """The command dies with the guard, so that nothing runs without a holder."""
    child, lines = started(f"import os; print(os.getpid(), flush=True)\n{SLEEPS}")
    eventually(lambda: len(lines) == 2, "the command speaks")
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    eventually(lambda: not is_running(int(lines[0])), "the command ends")
