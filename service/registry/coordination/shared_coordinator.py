"""The board of gunicorn's workers: a folder for what is long, and a few numbers in memory that all of them share.

The numbers are read by every request and cost as much as a look into a list. A document is written under the number
that is about to be posted, and the number goes up afterwards: whoever has read the number finds the document whole.
Locks belong to open files, so the kernel lets go of them when a process dies, however it dies.
"""

import fcntl
import json
import mmap
import os
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from service.registry.coordination.committed_state import Agreement, Report
from service.registry.coordination.desired_state import Plan

__all__ = ["SharedBoard"]

GENERATION, PLAN, NEWS, LOOKS, STOPPING, LEADER = range(6)
AGREEING = "agreeing.lock"
KEPT = 8
"""Older documents that stay for those who are just reading them."""
BEAT_S = 1.0
GLANCE_S = 0.2
"""Between two looks at whether the leader lives."""
OLD_S = 3600.0
STUCK_S = 10.0
"""A process whose event loop does not turn for so long is not waited for; its next request is refused, not outdated."""


@dataclass(slots=True)
class _Membership:
    """What one process holds open."""

    pid: int
    lock: IO[str]
    looked_s: float = 0.0


class SharedBoard:
    """One node's board. Made by the parent, before it forks.

    Args:
        folder: Empty, of this board alone.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("Q")
        self._plan = Plan()
        self._agreement = Agreement()
        self._mine: _Membership | None = None
        (folder / "members").mkdir(parents=True, exist_ok=True)

    @classmethod
    def create(cls) -> "SharedBoard":
        """A board in a temporary folder; whoever makes it removes the folder at the end."""
        return cls(Path(tempfile.mkdtemp(prefix="onehot-board-")))

    @property
    def generation(self) -> int:
        """Of what was agreed on last."""
        return self._numbers[GENERATION]

    @property
    def plan_number(self) -> int:
        """Of the plan that was posted last."""
        return self._numbers[PLAN]

    @property
    def news(self) -> int:
        """Another number after any report."""
        return self._numbers[NEWS]

    @property
    def looks_asked(self) -> int:
        """Another number after each `ask_for_look`."""
        return self._numbers[LOOKS]

    def ask_for_look(self) -> None:
        """Let the leader look at the store now."""
        self._numbers[LOOKS] = time.monotonic_ns()

    @property
    def is_stopping(self) -> bool:
        """Whether the whole service is about to end."""
        return bool(self._numbers[STOPPING])

    def note_stopping(self) -> None:
        """The whole service is about to end."""
        self._numbers[STOPPING] = 1

    def lead(self) -> bool:
        """Whether this process leads. It does when nobody did, or when the one that did is dead or stuck."""
        mine = self._membership()
        if self._numbers[LEADER] == mine.pid:
            return True
        now_s = time.monotonic()
        if now_s < mine.looked_s + GLANCE_S:
            return False
        mine.looked_s = now_s
        return not self._has_leader() and self._take_the_lead(mine.pid)

    def _has_leader(self) -> bool:
        lock = self.folder / "members" / f"{self._numbers[LEADER]}.lock"
        return _is_held(lock) and _turns(lock)

    def _take_the_lead(self, pid: int) -> bool:
        with (self.folder / AGREEING).open("w") as file:
            if not _locks(file) or self._has_leader():  # somebody is about to, or just did
                return False
            self._numbers[LEADER] = pid
            return True

    def plan(self) -> Plan:
        """The plan that was posted last."""
        while (number := self._numbers[PLAN]) != self._plan.number:
            document = self._read("plan", number)
            if document is not None:
                self._plan = Plan.from_document(document)
            elif number == self._numbers[PLAN]:
                self._plan = Plan(number)  # somebody removed it: the leader makes another one
        return self._plan

    def agreement(self) -> Agreement:
        """What was agreed on last."""
        while (generation := self._numbers[GENERATION]) != self._agreement.generation:
            document = self._read("agreement", generation)
            if document is not None:
                self._agreement = Agreement.from_document(document)
            elif generation == self._numbers[GENERATION]:
                self._agreement = Agreement(generation)
        return self._agreement

    def post_plan(self, plan: Plan) -> None:
        """Post a plan with a higher number; only the leader does, and one that was taken for stuck no longer is."""
        with self.agreeing():
            if self._numbers[LEADER] == os.getpid():
                self._post("plan", plan.number, plan.to_document())
                self._numbers[PLAN] = plan.number

    def post_agreement(self, agreement: Agreement) -> None:
        """Post what was agreed on, with a higher generation; only the leader does, while `agreeing`."""
        if self._numbers[LEADER] == os.getpid():
            self._post("agreement", agreement.generation, agreement.to_document())
            self._numbers[GENERATION] = agreement.generation

    @contextmanager
    def agreeing(self) -> Iterator[None]:
        """Nobody else agrees or begins to serve meanwhile."""
        with (self.folder / AGREEING).open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def report(self, report: Report) -> None:
        """Say what this process has."""
        self._write(self.folder / "members" / f"{self._membership().pid}.json", report.to_document())
        self._numbers[NEWS] = time.monotonic_ns()

    def reports(self) -> Sequence[Report]:
        """Of all processes that live and are not stuck, this one's first."""
        mine = self._membership().pid
        found: dict[int, Report] = {}
        for file in (self.folder / "members").glob("*.json"):
            pid, lock = int(file.stem), file.with_suffix(".lock")
            if pid != mine and not _is_held(lock):
                _remove(file, lock)
            elif (pid == mine or _turns(lock)) and (document := _load(file)) is not None:
                found[pid] = Report.from_document(document)
        return [found.pop(mine, Report()), *found.values()]

    def leave(self) -> None:
        """Let go of what this process holds, as its end does too."""
        if self._mine is not None:
            self._mine.lock.close()
            self._mine = None

    def start_beating(self) -> None:
        """Show from now on that this process' event loop turns."""
        self._membership()
        threading.Thread(target=self._beat, name="heartbeat", daemon=True).start()

    def _beat(self) -> None:
        while True:
            mine = self._membership()
            _note_turn(mine.lock)
            if self._numbers[LEADER] == mine.pid:
                self._keep_from_cleaners()
            time.sleep(BEAT_S)

    def _keep_from_cleaners(self) -> None:
        """What is old in a temporary folder gets removed on many systems, used or not."""
        for file in (self.folder, self.folder / "members", *self.folder.glob("*.*"), *self.folder.glob("members/*")):
            with suppress(FileNotFoundError):
                if file.stat().st_mtime < time.time() - OLD_S and file.suffix != ".lock":
                    os.utime(file)

    def _membership(self) -> _Membership:
        """Of this process; one that was forked has none yet."""
        if self._mine is None or self._mine.pid != os.getpid():
            pid = os.getpid()
            lock = (self.folder / "members" / f"{pid}.lock").open("w")
            fcntl.flock(lock, fcntl.LOCK_EX)
            _note_turn(lock)
            self._mine = _Membership(pid, lock)
        return self._mine

    def _post(self, kind: str, number: int, document: Mapping[str, Any]) -> None:
        self._write(self.folder / f"{kind}-{number}.json", document)
        _remove(self.folder / f"{kind}-{number - KEPT}.json")

    def _read(self, kind: str, number: int) -> Any:
        return _load(self.folder / f"{kind}-{number}.json")

    def _write(self, path: Path, document: Mapping[str, Any]) -> None:
        draft = path.with_name(f".{path.name}-{os.getpid()}")
        draft.write_text(json.dumps(document))
        draft.replace(path)


def _load(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        return None


def _is_held(lock: Path) -> bool:
    """Whether the process that made a lock still lives."""
    try:
        with lock.open() as file:
            return not _locks(file)
    except FileNotFoundError:
        return False


def _note_turn(lock: IO[str]) -> None:
    """Write down that the event loop turned: as the time of the last change, by the clock that nobody sets."""
    os.utime(lock.fileno(), ns=(time.time_ns(), time.monotonic_ns()))


def _turns(lock: Path) -> bool:
    """Whether its event loop turned lately."""
    try:
        return time.monotonic_ns() - lock.stat().st_mtime_ns < STUCK_S * 1e9
    except FileNotFoundError:
        return False


def _locks(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _remove(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
