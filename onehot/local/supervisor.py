"""Starts programs in order, starts again what dies, stops them in the opposite order."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Thread

from onehot.failures import WorkFailed
from onehot.local.child import Child, LineSink, Program

__all__ = ["MessageSink", "ReadyCheck", "StartFailed", "Supervisor"]

POLL_S = 0.1
QUIET_S = 2.0
QUICK_STOP_S = 1.0
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
STEADY_S = 60.0
SHOWN_LINES = 15

MessageSink = Callable[[str], None]
"""Takes one sentence about an action of the supervisor."""

ReadyCheck = Callable[[], str | None]
"""None when a program is ready, else why it is not yet."""


class StartFailed(WorkFailed):
    """A program ended, or did not become ready in time, while everything was being started."""

    def __init__(self, child: Child, *, reason: str) -> None:
        self.name = child.program.name
        self.reason = reason
        self.last_lines = child.last_lines[-SHOWN_LINES:]
        output = "".join(f"\n  {line}" for line in self.last_lines)
        super().__init__(f"the {self.name} did not start: {reason}" + (f"; its last lines:{output}" if output else ""))


@dataclass(slots=True)
class _SupervisedProgram:
    """A child process, and when it is started again after it has died."""

    child: Child
    started_s: float
    pause_s: float = FIRST_PAUSE_S
    due_s: float | None = None


class Supervisor:
    """Holds child programs until it is stopped, which stops them all."""

    def __init__(self, *, on_line: LineSink, on_message: MessageSink) -> None:
        self._on_line = on_line
        self._on_message = on_message
        self._programs: list[_SupervisedProgram] = []
        self._stopping = Event()
        self._watcher: Thread | None = None

    def start(self, program: Program) -> None:
        """Start one program; those started first are stopped last."""
        self._programs.append(_SupervisedProgram(Child(program, self._on_line), time.monotonic()))

    def wait_ready(self, check: ReadyCheck, *, timeout_s: float) -> None:
        """Wait until a check holds, and report why it does not yet.

        Raises:
            StartFailed: When a program ends meanwhile, or the time is over.
        """
        quiet_until_s, deadline_s = time.monotonic() + QUIET_S, time.monotonic() + timeout_s
        reported: str | None = None
        while (reason := check()) is not None:
            self._fail_if_ended()
            if time.monotonic() > deadline_s:
                raise StartFailed(self._programs[-1].child, reason=f"not ready after {timeout_s:g} s ({reason})")
            if reason != reported and time.monotonic() > quiet_until_s:
                self._on_message(f"waiting: {reason}")
                reported = reason
            time.sleep(POLL_S)

    def watch(self) -> None:
        """From now on, start again what dies; the pause before it doubles each time, until it runs steadily."""
        self._watcher = Thread(target=self._watch, name="supervisor", daemon=True)
        self._watcher.start()

    def stop(self) -> None:
        """Stop every program, the last started first, each one only when the one before it is gone."""
        self._stopping.set()
        if self._watcher is not None:
            self._watcher.join()
            self._watcher = None
        while self._programs:
            self._stop_child(self._programs[-1].child)
            self._programs.pop()

    def _stop_child(self, child: Child) -> None:
        child.ask_to_stop()
        if not child.ends_within(QUICK_STOP_S):
            name, grace_s = child.program.name, child.program.grace_s
            self._on_message(f"waiting up to {grace_s:g} s for the {name} to end; Ctrl-C ends it at once")
        child.await_stop()

    def hasten(self) -> None:
        """Ask all programs at once; the one that is stopping already is killed."""
        for running in list(self._programs):
            running.child.ask_to_stop()

    def _fail_if_ended(self) -> None:
        for running in self._programs:
            status = running.child.poll()
            if status is not None:
                running.child.wait()
                raise StartFailed(running.child, reason=f"it ended with status {status}")

    def _watch(self) -> None:
        while not self._stopping.wait(POLL_S):
            for running in self._programs:
                self._restart_if_ended(running, time.monotonic())

    def _restart_if_ended(self, running: _SupervisedProgram, now_s: float) -> None:
        status = running.child.poll()
        if status is None:
            return
        if running.due_s is None:
            if now_s - running.started_s >= STEADY_S:
                running.pause_s = FIRST_PAUSE_S
            running.due_s = now_s + running.pause_s
            name, pause_s = running.child.program.name, running.pause_s
            self._on_message(f"the {name} ended with status {status}: it is started again in {pause_s:g} s")
        elif now_s >= running.due_s:
            running.child.wait()
            running.child = Child(running.child.program, self._on_line)
            running.started_s, running.due_s = now_s, None
            running.pause_s = min(2 * running.pause_s, LONGEST_PAUSE_S)
