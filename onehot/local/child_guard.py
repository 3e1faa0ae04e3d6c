"""Run one command so that nothing of it outlives the process that started it, however that process ends.

    python -I -S child_guard.py GRACE_S COMMAND [ARGUMENT …]

Standard input ends with the parent: only the starting process holds its other end, so the kernel closes it when that
process ends, even by SIGKILL. The command is then asked to stop (SIGTERM) and, after GRACE_S seconds, killed together
with all its descendants; SIGTERM or SIGINT to this process does the same, a second one ends the grace. `prctl`'s
parent-death signal alone would reach neither a work-horse nor a gunicorn worker, and fires when a mere thread ends.

Standard library only, and one thread: this file runs by path, without site-packages.
"""

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
STOP_SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
REAP_POLL_S = 0.01


def main(grace_s: float, command: list[str]) -> int:
    """Run the command to its end, or to the end of the parent.

    Returns:
        The command's exit status; 128 + n when signal n ended it, as shells count.
    """
    wakeup = _listen_to_signals()
    _control_process(PR_SET_CHILD_SUBREAPER, 1)
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=_die_with_parent)  # noqa: PLW1509 -- one thread
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        return 127
    status = _attend(process.pid, wakeup, grace_s)
    _kill_descendants()
    return status


def _attend(pid: int, wakeup: int, grace_s: float) -> int:
    watched = [sys.stdin.fileno(), wakeup]
    deadline_s: float | None = None
    while True:
        timeout_s = None if deadline_s is None else max(0.0, deadline_s - time.monotonic())
        asked, parent_ended = _read_events(watched, wakeup, timeout_s)
        status = _reap(pid)
        if status is not None:
            return status
        if deadline_s is not None and (asked or time.monotonic() >= deadline_s):
            return 128 + signal.SIGKILL
        if deadline_s is None and (asked or parent_ended):
            os.kill(pid, signal.SIGTERM)
            deadline_s = time.monotonic() + grace_s


def _read_events(watched: list[int], wakeup: int, timeout_s: float | None) -> tuple[bool, bool]:
    """Wait for something to happen: was a stop asked for, and is the starting process gone?"""
    ready, _, _ = select.select(watched, [], [], timeout_s)
    asked = wakeup in ready and any(number in STOP_SIGNALS for number in os.read(wakeup, 256))
    parent = watched[0]
    parent_ended = parent != wakeup and parent in ready and not os.read(parent, 256)
    if parent_ended:
        watched.remove(parent)
    return asked, parent_ended


def _reap(pid: int) -> int | None:
    """Collect every child that has ended, adopted ones too; the command's status once it is among them."""
    with contextlib.suppress(ChildProcessError):
        while True:
            ended, status = os.waitpid(-1, os.WNOHANG)
            if ended == 0:
                return None
            if ended == pid:
                code = os.waitstatus_to_exitcode(status)
                return code if code >= 0 else 128 - code
    return None


def _kill_descendants() -> None:
    """Kill children until none is left; as the subreaper this process inherits the children of each that dies."""
    while True:
        for pid in _children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        try:
            ended, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if ended == 0:
            time.sleep(REAP_POLL_S)


def _children() -> list[int]:
    own = str(os.getpid())
    children = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            if fields[1] == own:
                children.append(int(stat.parent.name))
    return children


def _listen_to_signals() -> int:
    """Turn signals into bytes on a pipe, one byte with each signal's number; returns the reading end."""
    wakeup, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in (*STOP_SIGNALS, signal.SIGCHLD):
        signal.signal(number, lambda _number, _frame: None)
    return wakeup


def _die_with_parent() -> None:
    _control_process(PR_SET_PDEATHSIG, signal.SIGKILL)


def _control_process(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    # Not sys.exit: an interpreter that winds down takes the handlers away, and one more SIGTERM would be its end.
    os._exit(main(float(sys.argv[1]), sys.argv[2:]))
