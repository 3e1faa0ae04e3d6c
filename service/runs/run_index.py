"""The index of runs: one line of each record, in memory, that follows the store at the cost of one small read a look.

The first look lists and reads all records; afterwards the hint tells which models have other ones, of which only those
that changed are read. What tools put there without a hint is found by a full listing now and then, beside the requests.
Looks happen one at a time, in one thread beside the event loop, however many requests wait for them.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import structlog

from models.errors import StoreUnavailable
from models.names import is_model_name
from models.runs.spec_changes import short_values
from models.runs.summary import Summary, summary_of
from models.store.compare_and_swap import UnreadableDocument
from models.store.object_store import children
from models.store.runs import StoredRun, read_run, run_hint_reader, stored_runs
from models.store.store import Store
from service.blocking_calls import new_lock, run_in_thread, several_at_once, start_thread
from service.runs.line_store import Line, TaggedLine, read_lines, write_lines
from service.runs.record_cache import RecordCache

__all__ = ["RunIndex"]

MOST_RUNS = 10_000
"""The newest, which an index holds: about 50 MB."""
MANY = 20
"""Records of a model that are worth a file of their lines."""
LARGEST_SHARE = 0.02
"""Of the time, that goes into full listings at most."""

Key = tuple[str, str]
"""Model and id."""
NO_PARAMETERS: Mapping[str, Any] = {}

log = structlog.get_logger("service")


class RunIndex:
    """One line of each run, as the store had it at the last look.

    Args:
        open_store: Gives the store.
        full_every_s: Seconds between two full listings; longer where one takes long.
        most: How many runs it holds; of more, the newest.
        clock: Seconds that only go forward.
    """

    def __init__(
        self, open_store: Callable[[], Store], *, full_every_s: float, most: int = MOST_RUNS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._open_store, self._full_every_s, self._most, self._clock = open_store, full_every_s, most, clock
        self._turn = threading.Lock()  # under gevent one of greenlets: those that wait hold no thread
        self._lock = new_lock()
        self._hint: Any = None
        self._stored: Mapping[str, list[StoredRun]] = {}
        self._lines: dict[Key, TaggedLine] = {}
        self._runs: Sequence[Summary] = ()
        self._by_id: Mapping[str, StoredRun] = {}
        self._records = RecordCache()
        self._looks = 0
        self._full_due_s = 0.0
        self._is_listing = False
        self._updated: set[str] = set()

    def look(self) -> Sequence[Summary]:
        """Every run, as the store has it now; in no order.

        Raises:
            StoreUnavailable: When the store does not answer and nothing is known yet.
        """
        looks = self._looks
        with self._turn:
            if self._looks < looks + 2:  # else another request's look began after this call
                run_in_thread(self._follow)
                self._looks += 1
        return self._runs

    def find_model(self, run_id: str) -> str | None:
        """Whose run it is, as far as the last look tells."""
        run = self._by_id.get(run_id)
        return None if run is None else run.model

    def parameters(self, run_id: str) -> Mapping[str, Any]:
        """Path of its spec → value, of a run as of the last look."""
        run = self._by_id.get(run_id)
        _, line = ("", None) if run is None else self._lines.get((run.model, run_id), ("", None))
        return NO_PARAMETERS if line is None else line.parameters

    def read(self, run_id: str) -> Mapping[str, Any] | None:
        """A whole record as of the last look, read once as long as it stays the same; None of a run not known then.

        Raises:
            StoreUnavailable: When the store does not answer.
        """
        run = self._by_id.get(run_id)
        record = None if run is None else self._records.get(run)
        if run is not None and record is None:
            record = read_run(self._open_store(), run.model, run.id)
            if record is not None:
                self._records.put(run, record)
        return record

    def _follow(self) -> None:
        try:
            with self._lock:
                self._catch_up()
        except StoreUnavailable:
            if self._hint is None:
                raise
            self._full_due_s = 0.0  # a change may have been missed
        if self._clock() >= self._full_due_s and not self._is_listing:
            self._is_listing = True
            start_thread(self._list_beside, ())

    def _catch_up(self) -> None:
        if self._hint is None:
            self._begin()
            return
        changed = self._changed()
        if changed is None:
            self._list_all()
        elif changed:
            self._update(changed)

    def _begin(self) -> None:
        store = self._open_store()
        store.require_folder()
        hint = run_hint_reader(store)
        hint.make()
        self._read_hint(hint)  # before the listing: a change in between is found by the next look
        self._list_all()
        self._hint = hint

    def _changed(self) -> set[str] | None:
        self._open_store().require_folder()
        return self._read_hint(self._hint)

    @staticmethod
    def _read_hint(hint: Any) -> set[str] | None:
        try:
            changed: set[str] | None = hint.changed()
        except UnreadableDocument as error:
            log.warning("hint about runs not read", reason=str(error))
            return set()
        return changed

    def _list_beside(self) -> None:
        """A full listing while requests are answered by what is known."""
        try:
            self._updated = set()
            stored = self._listed()
            with self._lock:  # what was listed again meanwhile is newer
                self._take(stored | {name: self._stored[name] for name in self._updated})
        except StoreUnavailable as error:
            log.warning("runs not listed", reason=str(error))
        finally:
            self._is_listing = False

    def _list_all(self) -> None:
        self._take(self._listed())

    def _listed(self) -> dict[str, list[StoredRun]]:
        store, began_s = self._open_store(), self._clock()
        names = [name for name in children(store.objects, "") if is_model_name(name)]
        found = several_at_once(lambda name: stored_runs(store, name), names)
        now_s = self._clock()
        self._full_due_s = now_s + max(self._full_every_s, (now_s - began_s) / LARGEST_SHARE)
        return found

    def _update(self, models: Iterable[str]) -> None:
        store, names = self._open_store(), [*filter(is_model_name, models)]
        self._updated.update(names)
        self._take({**self._stored, **several_at_once(lambda name: stored_runs(store, name), names)})

    def _take(self, stored: Mapping[str, list[StoredRun]]) -> None:
        """Read those of the newest records that are other ones than before."""
        store = self._open_store()
        every = sorted((run for runs in stored.values() for run in runs), key=lambda run: run.at, reverse=True)
        newest = every[: self._most]
        lines = self._with_kept(store, newest)
        read = several_at_once(lambda run: self._line(store, run), _unknown(newest, lines))
        kept = {(run.model, run.id): lines.get((run.model, run.id)) for run in newest}
        fresh = {(run.model, run.id): (run.tag, line) for run, line in read.items()}
        self._lines = {key: one for key, one in (kept | fresh).items() if one is not None}
        self._runs = tuple(line.summary for _, line in self._lines.values() if line is not None)
        self._by_id = {run.id: run for run in newest if self._lines[run.model, run.id][1] is not None}
        self._stored = stored
        self._keep(store, read)

    def _with_kept(self, store: Store, runs: Sequence[StoredRun]) -> dict[Key, TaggedLine]:
        """What is known of runs; where much is missing, with what was kept in the store."""
        models = _with_many(_unknown(runs, self._lines))
        kept = several_at_once(lambda model: read_lines(store, model), models)
        return {(model, run_id): line for model in models for run_id, line in kept[model].items()} | self._lines

    def _keep(self, store: Store, read: Iterable[StoredRun]) -> None:
        """Keep the lines of models of which many records were read, beside the requests."""
        for model in _with_many(read):
            lines = {run_id: line for (name, run_id), line in self._lines.items() if name == model}
            start_thread(write_lines, (store, model, lines))

    @staticmethod
    def _line(store: Store, run: StoredRun) -> Line | None:
        """A damaged record is none, and is not read again until it changes."""
        try:
            record = read_run(store, run.model, run.id)
            if record is not None and record.get("model") == run.model:
                spec = record.get("spec")
                return Line(summary_of(record), short_values(spec) if isinstance(spec, Mapping) else NO_PARAMETERS)
        except ValueError as error:
            log.warning("record of a run not read", model=run.model, run=run.id, reason=str(error))
        return None


def _unknown(runs: Iterable[StoredRun], lines: Mapping[Key, TaggedLine]) -> list[StoredRun]:
    """Those of which there is no line, or one of what the record was before."""
    return [run for run in runs if lines.get((run.model, run.id), ("", None))[0] != run.tag]


def _with_many(runs: Iterable[StoredRun]) -> list[str]:
    """The models that many of some runs are of."""
    counts = Counter(run.model for run in runs)
    return [model for model, count in counts.items() if count >= MANY]
