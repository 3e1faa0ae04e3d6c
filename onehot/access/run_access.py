"""Runs for the commands: in the store itself, or as a service tells of them."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from models.names import is_model_name
from models.runs.comparison import compare_runs
from models.runs.record import complete_record
from models.runs.run_list import RunFilter, RunSort, list_runs
from models.runs.summary import Summary, summary_of
from models.store.object_store import children
from models.store.runs import StoredRun, change_run, find_run, is_run_id, read_run, stored_runs
from onehot.access.places import ServicePlace, StorePlace
from onehot.failures import WorkFailed

__all__ = ["RunQuery", "ServedRuns", "StoredRuns", "full_id"]

READERS = 16
"""Records that are read at one time: of a bucket each answer takes long."""
PAGE = 1000


@dataclass(frozen=True, slots=True)
class RunQuery:
    """Which runs are asked for, in which order, and how many at most."""

    model: str | None = None
    status: str | None = None
    tags: tuple[str, ...] = ()
    sort: str = "-created_at"
    limit: int | None = None


EVERY = RunQuery()


@dataclass(frozen=True, slots=True)
class StoredRuns(StorePlace):
    """The runs of a store."""

    def rows(self, query: RunQuery = EVERY) -> list[Summary]:
        """The runs that are asked for, one line each; a damaged record is passed over."""
        self.store.require_folder()
        names = [query.model] if query.model else children(self.store.objects, "")
        models = [name for name in names if is_model_name(name)]
        with ThreadPoolExecutor(READERS) as pool:
            stored = [run for runs in pool.map(lambda name: stored_runs(self.store, name), models) for run in runs]
            known = [line for line in pool.map(self._line, stored) if line is not None]
        wanted = RunFilter(query.model, query.status, query.tags)
        return list_runs(known, wanted, sort=RunSort.read(query.sort), limit=query.limit or len(known))[0]

    def show(self, run_id: str) -> dict[str, Any]:
        """The whole record of a run.

        Raises:
            WorkFailed: When there is none.
        """
        return complete_record(self._found(run_id))

    def compare(self, ids: Sequence[str]) -> dict[str, Any]:
        """Several runs side by side."""
        return compare_runs([self._found(run_id) for run_id in ids])

    def change(self, run_id: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Change tags or note; the record as it is now."""
        model = str(self._found(run_id)["model"])
        record = change_run(self.store, model, run_id, changes)
        return complete_record(record or self._found(run_id))

    def _found(self, run_id: str) -> dict[str, Any]:
        record = find_run(self.store, run_id)
        if record is None:
            raise WorkFailed(f"no run {run_id!r} in {self.place}: onehot runs list names those that have ended")
        return record

    def _line(self, run: StoredRun) -> Summary | None:
        record = read_run(self.store, run.model, run.id)
        try:
            return None if record is None else summary_of(record)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class ServedRuns(ServicePlace):
    """The runs that a service knows."""

    def rows(self, query: RunQuery = EVERY) -> list[Summary]:
        """The runs that are asked for, one line each."""
        found: list[Summary] = []
        for page in self._pages(query):
            found += page
            if query.limit is not None and len(found) >= query.limit:
                break
        return found[: query.limit]

    def show(self, run_id: str) -> dict[str, Any]:
        """The whole record of a run."""
        found: dict[str, Any] = self.service.get(f"/v1/runs/{run_id}")
        return found

    def compare(self, ids: Sequence[str]) -> dict[str, Any]:
        """Several runs side by side."""
        found: dict[str, Any] = self.service.call("GET", "/v1/runs/compare", params={"id": list(ids)}).json()
        return found

    def change(self, run_id: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Change tags or note; the record as it is now."""
        found: dict[str, Any] = self.service.call("PATCH", f"/v1/runs/{run_id}", json=dict(changes)).json()
        return found

    def _pages(self, query: RunQuery) -> Iterator[list[Summary]]:
        asked: dict[str, Any] = {"sort": query.sort, "limit": min(query.limit or PAGE, PAGE)}
        named = {"model": query.model, "status": query.status, "tag": list(query.tags)}
        asked |= {name: value for name, value in named.items() if value}
        while True:
            page = self.service.call("GET", "/v1/runs", params=asked).json()
            yield page["runs"]
            if "next" not in page:
                return
            asked["cursor"] = page["next"]


def full_id(runs: StoredRuns | ServedRuns, text: str) -> str:
    """The id that begins so.

    Raises:
        WorkFailed: When none does, or several do.
    """
    if is_run_id(text):
        return text
    found = [str(run["id"]) for run in runs.rows() if str(run["id"]).startswith(text)]
    if len(found) != 1:
        many = f"{len(found)} runs begin so: give more of it" if found else "onehot runs list names those that ended"
        raise WorkFailed(f"no run {text!r} in {runs.place}: {many}")
    return found[0]
