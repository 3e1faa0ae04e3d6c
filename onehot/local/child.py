"""One child process under a guard: its output line by line, its end, its stop."""

import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

__all__ = ["Child", "LineSink", "Program", "trainer_environment"]

GUARD = Path(__file__).with_name("child_guard.py")
KEPT_LINES = 40
KILL_MARGIN_S = 5.0

LineSink = Callable[[str, str], None]
"""Takes a program's name and one line that it wrote."""


@dataclass(frozen=True, slots=True)
class Program:
    """What to run.

    Args:
        name: Its name in messages, such as `service`.
        arguments: The command and its arguments.
        environment: Its whole environment.
        grace_s: Seconds from SIGTERM to SIGKILL.
        kept_open: File descriptors that stay open for as long as the program lives, such as a lock.
    """

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    grace_s: float = 10.0
    kept_open: tuple[int, ...] = ()


def trainer_environment() -> dict[str, str]:
    """The environment of a trainer's process that a user starts.

    Data may be anywhere that the user can read, unless ONEHOT_DATA_ROOTS says where: the user chose the files.
    """
    return {"ONEHOT_DATA_ROOTS": ".:/", **os.environ}


class Child:
    """A running program that ends with this process, however this process ends."""

    def __init__(self, program: Program, on_line: LineSink) -> None:
        self.program = program
        self._on_line = on_line
        self._kept: deque[str] = deque(maxlen=KEPT_LINES)
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(GUARD), str(program.grace_s), *program.arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(program.environment),
            start_new_session=True,  # the terminal's Ctrl-C reaches the supervisor alone, which stops children in order
            pass_fds=program.kept_open,
        )
        self._reader = Thread(target=self._read, name=f"log-{program.name}", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The process id of the guard; the program is its child."""
        return self._process.pid

    @property
    def last_lines(self) -> tuple[str, ...]:
        """The end of what the program wrote."""
        return tuple(self._kept)

    def poll(self) -> int | None:
        """The exit status, or None while it runs."""
        return self._process.poll()

    def wait(self) -> int:
        """Wait for its end and for the last line of its output."""
        status = self._process.wait()
        self._reader.join(KILL_MARGIN_S)
        if self._process.stdin is not None:
            self._process.stdin.close()
        return status

    def ask_to_stop(self) -> None:
        """Send SIGTERM; asking twice kills at once."""
        if self._process.poll() is None:
            self._process.terminate()

    def ends_within(self, seconds: float) -> bool:
        """Wait for its end for so long at most; whether it came."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def await_stop(self) -> int:
        """Wait for the end that was asked for; past the grace it is killed with everything it started."""
        if not self.ends_within(self.program.grace_s + KILL_MARGIN_S):
            self._process.kill()
        return self.wait()

    def stop(self) -> int:
        """Ask it to stop, and wait."""
        self.ask_to_stop()
        return self.await_stop()

    def _read(self) -> None:
        stdout = self._process.stdout
        if stdout is None:
            return
        with stdout:
            for raw in stdout:
                line = raw.decode("utf-8", "replace").rstrip()
                self._kept.append(line)
                self._on_line(self.program.name, line)
