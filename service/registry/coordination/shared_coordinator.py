"""The coordinator of gunicorn's workers: a folder of documents, and a few numbers in memory that all of them share.

The numbers are read by every request and cost as much as a look into a list. A state is written to a file named after
its revision, and the shared revision goes up afterwards: a process that has read the number finds the file whole.
Locks belong to open files, so the kernel releases them when a process dies, however it dies.
"""

import fcntl
import json
import mmap
import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import fields
from pathlib import Path
from typing import IO, Any, TypeVar

import structlog

from models.errors import DiskFull
from service.registry.coordination.committed_state import CommittedState, Report
from service.registry.coordination.coordinator import COMMITTED, DESIRED, LEADER, REPORTS, Coordinator
from service.registry.coordination.desired_state import DesiredState

__all__ = ["SharedCoordinator", "encoded"]

LOCK = "committing.lock"
NAMES = {DESIRED: "desired", COMMITTED: "committed"}
KEPT = 8
"""Older states that stay for processes that are just reading them."""
BEAT_S = 1.0
OLD_S = 3600.0
TRY_S = 0.5
"""Between two looks at whether the leader lives, of a process that only asks what concerns it."""
STUCK_S = 10.0
"""A process whose event loop does not turn for so long is not waited for; its next request is refused, not outdated."""
QUIET_S = 60.0
"""How long a process does not say again that the disk is full."""

log = structlog.get_logger("service")

State = TypeVar("State", DesiredState, CommittedState)


class SharedCoordinator(Coordinator):
    """For the workers of one service, in an empty folder of its own. Made by the parent, before it forks."""

    def __init__(self, folder: Path) -> None:
        super().__init__(memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("Q"))
        self.folder = folder
        self._members = folder / "members"
        self._pid = 0
        self._lock: IO[str] | None = None
        self._quiet_until_s = 0.0
        self._try_due_s = 0.0
        self._members.mkdir(parents=True, exist_ok=True)

    def lead(self) -> bool:
        """Whether this process leads. It does when none did, or when the one that did is dead or stuck."""
        self._own_lock()
        if self._numbers[LEADER] == os.getpid():
            return True
        return not self._has_leader() and self._take_the_lead()

    def _leads(self) -> bool:
        if self._numbers[LEADER] == os.getpid():
            return True
        if time.monotonic() < self._try_due_s:
            return False
        self._try_due_s = time.monotonic() + TRY_S
        return self.lead()

    def _has_leader(self) -> bool:
        lock = self._members / f"{self._numbers[LEADER]}.lock"
        return _is_locked(lock) and _beats(lock)

    def _take_the_lead(self) -> bool:
        with (self.folder / LOCK).open("w") as file:
            if not _locks(file) or self._has_leader():  # another process is about to, or just did
                return False
            self._numbers[LEADER] = os.getpid()
            return True

    def desired_state(self) -> DesiredState:
        """The desired state that was posted last."""
        self._desired = newest = self._newest(self._desired, DESIRED)
        return newest

    def committed_state(self) -> CommittedState:
        """The committed state that was posted last."""
        self._committed = newest = self._newest(self._committed, COMMITTED)
        return newest

    def _newest(self, known: State, kind: int) -> State:
        while (revision := self._numbers[kind]) != known.revision:
            document = _read(self._file(kind, revision))
            if document is not None:
                known = type(known).from_document(document)
            elif revision == self._numbers[kind]:
                known = type(known)(revision)  # its file was removed: the leader posts another one
        return known

    @contextmanager
    def committing(self) -> Iterator[None]:
        """No other process posts a state or begins to serve meanwhile."""
        with (self.folder / LOCK).open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def post(self, state: DesiredState | CommittedState) -> None:
        """Post a state with a higher revision; one that was taken for stuck leads no longer, and posts nothing."""
        if self._numbers[LEADER] != os.getpid():
            return
        kind = DESIRED if isinstance(state, DesiredState) else COMMITTED
        if self._write(self._file(kind, state.revision), state):
            self._numbers[kind] = state.revision
            _remove(self._file(kind, state.revision - KEPT))

    def _write(self, path: Path, document: DesiredState | CommittedState | Report) -> bool:
        """Write a document, or say that the disk is full: all go on with what they have, and it is tried again."""
        try:
            _write(path, document)
        except OSError as error:
            if error.errno not in DiskFull.ERRNOS:
                raise
            self._say_full(error)
            return False
        return True

    def _say_full(self, error: OSError) -> None:
        """Once in a while: on a disk that is nearly full, some documents find room and others do not."""
        if time.monotonic() >= self._quiet_until_s:
            self._quiet_until_s = time.monotonic() + QUIET_S
            log.warning("no room for what the processes share: versions and labels stay", reason=str(error))

    def _file(self, kind: int, revision: int) -> Path:
        return self.folder / f"{NAMES[kind]}-{revision}.json"

    def report(self, report: Report) -> bool:
        """Say what this process has; whether the others can know it now."""
        self._own_lock()
        self._report = report
        if not self._write(self._members / f"{os.getpid()}.json", report):
            return False
        self._numbers[REPORTS] = time.monotonic_ns()
        return True

    def reports(self) -> Sequence[Report]:
        """Of all processes that live and are not stuck, this one's first."""
        mine = os.getpid()
        found: dict[int, Report] = {}
        for file in self._members.glob("*.json"):
            pid, lock = int(file.stem), file.with_suffix(".lock")
            if pid == mine:
                continue
            if not _is_locked(lock):
                _remove(file, lock)
            elif _beats(lock) and (document := _read(file)) is not None:
                found[pid] = Report.from_document(document)
        return [self._report, *found.values()]

    def start_heartbeat(self) -> None:
        """Show from now on that this process' event loop turns."""
        self._own_lock()
        threading.Thread(target=self._beat, name="heartbeat", daemon=True).start()

    def _beat(self) -> None:
        while True:
            _note_beat(self._own_lock())
            if self._numbers[LEADER] == os.getpid():
                self._keep_from_cleaners()
            time.sleep(BEAT_S)

    def _keep_from_cleaners(self) -> None:
        """Many systems remove old files from temporary folders, used or not."""
        for file in (self.folder, self._members, *self.folder.glob("*.*"), *self._members.glob("*")):
            with suppress(FileNotFoundError):
                if file.stat().st_mtime < time.time() - OLD_S and file.suffix != ".lock":
                    os.utime(file)

    def _own_lock(self) -> IO[str]:
        """Held as long as this process lives; one that was forked has none yet."""
        if self._lock is None or self._pid != os.getpid():
            lock = (self._members / f"{os.getpid()}.lock").open("w")
            fcntl.flock(lock, fcntl.LOCK_EX)
            _note_beat(lock)
            self._lock, self._pid = lock, os.getpid()
        return self._lock


def _write(path: Path, document: DesiredState | CommittedState | Report) -> None:
    draft = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        draft.write_text(encoded(document))
        draft.replace(path)
    except OSError:
        _remove(draft)
        raise


def encoded(document: DesiredState | CommittedState | Report) -> str:
    """A document as JSON, of which its class' `from_document` makes it again."""
    return json.dumps(document, default=_plain)


def _plain(value: Any) -> Any:
    """A set as a list, a dataclass as an object."""
    if isinstance(value, frozenset):
        return sorted(value)
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        return None


def _is_locked(lock: Path) -> bool:
    """Whether the process that made a lock still lives."""
    try:
        with lock.open() as file:
            return not _locks(file)
    except FileNotFoundError:
        return False


def _note_beat(lock: IO[str]) -> None:
    """Write down that the event loop turned: as the time of the last change, by the clock that is never set."""
    os.utime(lock.fileno(), ns=(time.time_ns(), time.monotonic_ns()))


def _beats(lock: Path) -> bool:
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
