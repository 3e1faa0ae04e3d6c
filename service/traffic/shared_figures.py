"""Figures of predictions that all processes of all services combine: what was counted for monitoring, for a rollout.

A process posts its newest blob on a topic. The processes of a service share theirs as files; about once a second the
leader of each service puts its service's blobs on the queue's server, where the other services read them. What a blob
holds, and how several are added up, is the poster's matter.
"""

import math
import os
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import structlog

from models.errors import DiskFull
from service.blocking_calls import run_in_thread
from service.errors import QueueUnavailable
from service.traffic.figure_files import FigureFiles

if TYPE_CHECKING:
    from service.traffic.figure_hash import FigureHash

__all__ = ["Figures", "SharedFigures"]

TURN_S = 1.0
RENEW_S = 10.0
"""Between two times that the server is told what did not change."""
QUIET_S = 2.0
"""How long a server that did not answer is not asked again."""

log = structlog.get_logger("service")

Answer = TypeVar("Answer")


class Figures(list[bytes]):
    """The newest blobs on a topic, one for each process that posted.

    Args:
        blobs: In no order.
        is_complete: Whether those of other services are among them: the queue's server answered.
    """

    def __init__(self, blobs: Sequence[bytes], *, is_complete: bool) -> None:
        super().__init__(blobs)
        self.is_complete = is_complete


@dataclass(frozen=True, slots=True)
class _Posted:
    blob: bytes
    kept_s: float


class SharedFigures:
    """The figures of all processes of all services, by topic.

    Made by the parent before it forks. All methods are called in the event loop; none of them is on the way of a
    prediction but `post`, which only keeps the blob.

    Args:
        folder: That the processes of this service share; without one this process is alone.
        leads: Whether this process leads its service; may block.
        open_hash: Connects to the queue's server, for the service of this id; without it this service is alone.
    """

    def __init__(
        self, folder: Path | None = None, *, leads: Callable[[], bool] = lambda: True,
        open_hash: "Callable[[str], FigureHash] | None" = None,
    ) -> None:  # fmt: skip
        self.sources: list[Callable[[], None]] = []
        """Called about once a second, in the event loop, to post what is new."""
        self.is_complete = open_hash is None
        """Whether the queue's server answered when it was asked last."""
        self._files = None if folder is None else FigureFiles(folder)
        self._leads = leads
        self._open_hash = open_hash
        self._service = uuid.uuid4().hex
        self._begin()

    def _begin(self) -> None:
        """Begin as a process that has posted nothing: a forked one is another than its parent."""
        self._pid = os.getpid()
        self._process = uuid.uuid4().hex
        self._posted: dict[str, _Posted] = {}
        self._unwritten: set[str] = set()
        self._sent: dict[str, tuple[object, float]] = {}
        self._hash: FigureHash | None = None
        self._quiet_until_s = 0.0
        self._was_told = False
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def post(self, topic: str, blob: bytes, *, kept_s: float = math.inf) -> None:
        """Put a blob in the place of this process' last one on a topic; the others see it about a second later.

        Args:
            topic: Of at most 80 characters.
            blob: Counts since the beginning, or of a window.
            kept_s: How long the blob counts after it was posted, also when the process is dead by then. Without it,
                counts of a dead process count until the topic is forgotten or the service ends.
        """
        self._own_process()
        self._posted[topic] = _Posted(blob, kept_s)
        self._unwritten.add(topic)

    def of(self, topic: str) -> Figures:
        """The newest blobs on a topic, this process' among them; where the queue's server is away, this service's."""
        self._own_process()
        own = run_in_thread(self._own_blobs, topic)
        others = self._ask(lambda shared: shared.of_others(topic))
        return Figures([*own, *(others or ())], is_complete=self._open_hash is None or others is not None)

    def forget(self, topic: str) -> None:
        """Remove a topic's blobs of this service; each service forgets for itself, and who posts again is heard."""
        self._own_process()
        self._posted.pop(topic, None)
        self._unwritten.discard(topic)
        self._sent.pop(topic, None)
        if self._files is not None:
            run_in_thread(self._files.forget, topic)
        self._ask(lambda shared: shared.write([(topic, ())]))

    def start(self) -> None:
        """Share what is posted from now on; in a forked process, after the fork."""
        self._own_process()
        self._thread = threading.Thread(target=self._run, name="shared figures", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, and leave what was posted last to the processes that go on."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        self._let_sources_post()
        run_in_thread(self._write)

    def _run(self) -> None:
        while not self._stopping.wait(TURN_S):
            try:
                self.share()
            except Exception:  # the boundary of a thread that must not end
                log.exception("figures were not shared")

    def share(self) -> None:
        """Let the sources post, then write what is new where the others read it."""
        self._let_sources_post()
        run_in_thread(self._write)
        if self._open_hash is not None and run_in_thread(self._leads):
            self._send()

    def _let_sources_post(self) -> None:
        for source in self.sources:
            try:
                source()
            except Exception:
                log.exception("a source of figures failed")

    def _write(self) -> None:
        """Write the files of this process; what finds no room is tried again. Blocks."""
        for topic in [*self._unwritten] if self._files is not None else ():
            self._unwritten.discard(topic)
            try:
                self._write_file(topic)
            except OSError as error:
                self._unwritten.add(topic)
                if error.errno not in DiskFull.ERRNOS:
                    raise

    def _write_file(self, topic: str) -> None:
        posted = self._posted.get(topic)
        if posted is not None and self._files is not None:
            self._files.write(topic, self._process, posted.blob, kept_s=posted.kept_s)

    def _send(self) -> None:
        states = run_in_thread(self._states)
        now_s = time.monotonic()
        due = {topic: state for topic, state in states.items() if self._is_due(topic, state, now_s)}
        if not due:
            return
        blobs = [(topic, run_in_thread(self._own_blobs, topic)) for topic in due]
        if self._ask(lambda shared: shared.write(blobs)) is not None:
            self._sent |= {topic: (state, now_s) for topic, state in due.items()}

    def _is_due(self, topic: str, state: object, now_s: float) -> bool:
        sent, at_s = self._sent.get(topic, (None, -math.inf))
        return sent != state or now_s - at_s >= RENEW_S

    def _states(self) -> Mapping[str, object]:
        """Topic → what is another after every change; blocks."""
        if self._files is not None:
            return self._files.states()
        return {topic: id(posted) for topic, posted in self._posted.items()}

    def _own_blobs(self, topic: str) -> list[bytes]:
        """The blobs of this service, of this process the newest; blocks."""
        found = {} if self._files is None else dict(self._files.read(topic))
        if topic in self._posted:
            found[self._process] = self._posted[topic].blob
        return list(found.values())

    def _ask(self, question: "Callable[[FigureHash], Answer]") -> Answer | None:
        """Ask the queue's server, unless it just did not answer; None where it does not."""
        if self._open_hash is None or time.monotonic() < self._quiet_until_s:
            return None
        try:
            if self._hash is None:
                self._hash = run_in_thread(self._open_hash, self._service)
            answer = question(self._hash)
        except QueueUnavailable as error:
            self._quiet_until_s = time.monotonic() + QUIET_S
            self._note_server(error.reason)
            return None
        self._note_server(None)
        return answer

    def _note_server(self, reason: str | None) -> None:
        """Note whether the server answered, and log when that is news."""
        if reason is not None and (self.is_complete or not self._was_told):
            log.warning("figures of other services are not seen: the queue's server is away", reason=reason)
            self._was_told = True
        self.is_complete = reason is None

    def _own_process(self) -> None:
        if self._pid != os.getpid():
            self._begin()
