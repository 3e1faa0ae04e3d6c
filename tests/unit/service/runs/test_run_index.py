"""The index of runs follows the store, in a folder and in a bucket: what changed, what went, what does not answer."""

import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import obstore
import pytest
from obstore.store import MemoryStore

from models.errors import StoreUnavailable
from models.runs.record import make_record
from models.runs.recording import record_training
from models.store import runs as stored
from models.store.runs import StoredRun, change_run
from models.store.store import Store
from service.runs import run_index
from service.runs.line_store import read_lines
from service.runs.record_cache import RecordCache
from service.runs.run_index import MANY, RunIndex


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A folder, and an object store: obstore's own in memory."""
    return Store.open(tmp_path / "store") if request.param == "folder" else Store(MemoryStore())


def run_id(number: int) -> str:
    return f"{number:032x}"


def record(store: Store, number: int, model: str = "digits", *, spec: Any = None, **more: Any) -> None:
    job = {"id": run_id(number), "status": "finished", "model": model, "queue": "train"}
    record_training(store, make_record(job, spec or {"model": model}, **more))


def put(store: Store, number: int, model: str = "digits") -> None:
    """A record that a tool copies: there is no hint of it."""
    other = Store(MemoryStore())
    record(other, number, model)
    path = f"{model}/runs/{run_id(number)}.json"
    obstore.put(store.objects, path, bytes(obstore.get(other.objects, path).bytes()))


def numbers(index: RunIndex) -> list[int]:
    return sorted(int(run["id"], 16) for run in index.look())


def test_new_and_changed_records_are_seen_at_the_next_look(store: Store) -> None:
    """Of several models; and whose a run is."""
    record(store, 1)
    index = RunIndex(lambda: store, full_every_s=3600)
    assert numbers(index) == [1]
    record(store, 2, "iris")
    record(store, 3)
    assert numbers(index) == [1, 2, 3]
    assert (index.find_model(run_id(2)), index.find_model(run_id(9))) == ("iris", None)
    change_run(store, "iris", run_id(2), {"tags": ["best"]})
    assert [run["tags"] for run in index.look() if run["id"] == run_id(2)] == [["best"]]


def test_changes_at_the_same_time_do_not_undo_each_other(store: Store) -> None:
    """Each is made by compare-and-swap."""
    record(store, 1)
    names = [f"field-{number}" for number in range(8)]
    threads = [threading.Thread(target=change_run, args=(store, "digits", run_id(1), {name: 1})) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = stored.read_run(store, "digits", run_id(1)) or {}
    assert [found.get(name) for name in names] == [1] * 8


def test_what_comes_and_goes_without_a_hint_is_found_by_a_full_listing(store: Store) -> None:
    """Beside a request, which is answered by what is known until then."""
    now_s = [0.0]
    record(store, 1)
    index = RunIndex(lambda: store, full_every_s=10, clock=lambda: now_s[0])
    assert numbers(index) == [1]
    put(store, 2, "copied")
    obstore.delete(store.objects, f"digits/runs/{run_id(1)}.json")
    assert numbers(index) == [1]
    now_s[0] = 11.0
    for _ in range(200):
        if numbers(index) == [2]:
            break
        time.sleep(0.02)
    assert numbers(index) == [2]


def test_a_store_that_goes_away_is_answered_for_by_what_is_known(store: Store) -> None:
    """Where nothing is known yet, there is no answer."""
    record(store, 1)
    away = [False]

    def opened() -> Store:
        if away[0]:
            raise StoreUnavailable("away")
        return store

    index = RunIndex(opened, full_every_s=3600)
    assert numbers(index) == [1]
    away[0] = True
    assert numbers(index) == [1]
    with pytest.raises(StoreUnavailable):
        RunIndex(opened, full_every_s=3600).look()
    away[0] = False
    record(store, 2)
    assert numbers(index) == [1, 2]


def test_an_index_is_bounded(store: Store) -> None:
    """It holds the newest."""
    for number in range(1, 6):
        record(store, number)
        time.sleep(0.002)
    index = RunIndex(lambda: store, full_every_s=3600, most=3)
    assert numbers(index) == [3, 4, 5]
    record(store, 6)
    assert numbers(index) == [4, 5, 6]


def test_a_hint_that_cannot_be_read_is_done_without(store: Store) -> None:
    """Until the next record writes it anew."""
    record(store, 1)
    index = RunIndex(lambda: store, full_every_s=3600)
    assert numbers(index) == [1]
    obstore.put(store.objects, "runs.json", b"{")
    assert numbers(index) == [1]
    record(store, 2)
    assert numbers(index) == [1, 2]


def test_a_record_is_read_once_as_long_as_it_stays_the_same(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another tag or note makes it another one; one that is gone is none."""
    record(store, 1)
    index = RunIndex(lambda: store, full_every_s=3600)
    index.look()
    read, plain = list[str](), run_index.read_run
    monkeypatch.setattr(
        run_index, "read_run", lambda where, model, run: (read.append(run), plain(where, model, run))[1]
    )
    assert [(index.read(run_id(1)) or {})["tags"] for _ in range(3)] == [[]] * 3
    assert read == [run_id(1)]
    change_run(store, "digits", run_id(1), {"tags": ["best"]})
    index.look()
    assert [(index.read(run_id(1)) or {})["tags"] for _ in range(2)] == [["best"]] * 2
    assert read == [run_id(1)] * 3, "once for its line, once for itself"
    assert index.read(run_id(2)) is None


def test_records_that_were_not_asked_for_longest_make_room() -> None:
    """As many as fit, by their size in the store; a large one alone is not held."""
    cache, at = RecordCache(most_bytes=100), datetime(2026, 1, 1, tzinfo=UTC)
    runs = [StoredRun("digits", run_id(number), "tag", at, size) for number, size in enumerate((40, 40, 40, 200))]
    for run in runs[:2]:
        cache.put(run, {"id": run.id})
    assert cache.get(runs[0]) == {"id": runs[0].id}
    cache.put(runs[2], {})
    assert [cache.get(run) is not None for run in runs[:3]] == [True, False, True]
    cache.put(runs[3], {})
    assert [cache.get(run) for run in runs] == [None] * 4


def test_a_service_that_starts_reads_one_file_a_model_instead_of_every_record(
    store: Store, monkeypatch: pytest.MonkeyPatch, wait_until: Any
) -> None:
    """Lines that were kept count as long as their records are as they were; a damaged file counts as none."""
    for number in range(MANY + 4):
        record(store, number, spec={"model": "digits", "fit": {"epochs": number}})
    first = RunIndex(lambda: store, full_every_s=3600)
    expected = {run["id"]: run for run in first.look()}
    wait_until(lambda: len(read_lines(store, "digits")) == MANY + 4, what="the lines are kept")
    change_run(store, "digits", run_id(1), {"tags": ["best"]})
    read, plain = list[str](), run_index.read_run
    monkeypatch.setattr(run_index, "read_run", lambda at, model, run: (read.append(run), plain(at, model, run))[1])
    second = RunIndex(lambda: store, full_every_s=3600)
    found = {run["id"]: run for run in second.look()}
    assert read == [run_id(1)]
    assert found == expected | {run_id(1): {**expected[run_id(1)], "tags": ["best"]}}
    assert second.parameters(run_id(7)) == {"model": "digits", "fit.epochs": 7}
    for content in (b"[", b"[]", b'{"fields": [], "lines": {}}', b'{"lines": 3}'):
        obstore.put(store.objects, "digits/run-lines.json", content)
        assert read_lines(store, "digits") == {}
    assert numbers(RunIndex(lambda: store, full_every_s=3600)) == [*range(MANY + 4)]
