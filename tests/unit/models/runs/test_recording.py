import json
from pathlib import Path
from typing import Any

import pytest

from models.runs.record import complete_record, make_record
from models.runs.recording import record_training
from models.store.runs import change_run, find_run, run_hint_reader, stored_runs
from models.store.store import Store

FIRST, SECOND, THIRD = ("1" * 32, "2" * 32, "3" * 32)
OLD = {"id": FIRST, "status": "finished", "model": "digits", "queue": "train", "spec": {"seed": 7, "backend": "jax"},
       "result": {"version": 2, "gate": {"holds": True}}}  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty one."""
    return Store.open(tmp_path)


def record_of(run_id: str, epochs: int, **more: Any) -> dict[str, Any]:
    """A failed run of so many epochs."""
    job = {"id": run_id, "status": "failed", "model": "digits", "queue": "train"}
    return dict(make_record(job, {"model": "digits", "fit": {"epochs": epochs}}, **more))


def test_a_record_says_what_differs_from_the_run_before(store: Store) -> None:
    """The first run of a model has none before it."""
    for run_id, epochs in ((FIRST, 5), (SECOND, 6), (THIRD, 6)):
        record_training(store, record_of(run_id, epochs))
    previous = [(find_run(store, run_id) or {})["previous"] for run_id in (FIRST, SECOND, THIRD)]
    change = {"path": "fit.epochs", "before": 5, "after": 6}
    assert previous == [None, {"id": FIRST, "differs": [change]}, {"id": SECOND, "differs": []}]


def test_the_run_before_is_found_where_it_was_not_noted(store: Store, tmp_path: Path) -> None:
    """Older stores have no `last-run.json`; a spoiled one counts as none."""
    record_training(store, record_of(FIRST, 5))
    last = tmp_path / "digits" / "last-run.json"
    for content in (None, b"{", b'{"id": 7}'):
        if content is None:
            last.unlink()
        else:
            last.write_bytes(content)
        record_training(store, record_of(SECOND, 5))
        assert (find_run(store, SECOND) or {})["previous"] == {"id": FIRST, "differs": []}


def test_a_record_that_is_written_again_keeps_what_a_person_wrote(store: Store) -> None:
    """Another attempt of the same job ends; tags, note and the run before stay, the rest is new."""
    record_training(store, record_of(FIRST, 5))
    record_training(store, record_of(SECOND, 6))
    change_run(store, "digits", SECOND, {"tags": ["good"], "note": "the one"})
    record_training(store, record_of(SECOND, 7))
    found = find_run(store, SECOND) or {}
    assert (found["tags"], found["note"], found["previous"]["id"]) == (["good"], "the one", FIRST)
    assert found["spec"]["fit"]["epochs"] == 7


def test_a_change_takes_nothing_else_with_it(store: Store, tmp_path: Path) -> None:
    """A record that is not there, or is spoiled, is not changed, and none is made."""
    record_training(store, record_of(FIRST, 5))
    before = find_run(store, FIRST) or {}
    assert change_run(store, "digits", FIRST, {"note": "x"}) == {**before, "note": "x"}
    assert change_run(store, "digits", SECOND, {"note": "x"}) is None
    assert change_run(store, "other", FIRST, {"note": "x"}) is None
    assert not (tmp_path / "other").exists()
    (tmp_path / "digits" / "runs" / f"{FIRST}.json").write_bytes(b"{")
    assert change_run(store, "digits", FIRST, {"note": "x"}) is None


def test_each_record_leaves_a_hint_and_one_listing_shows_what_changed(store: Store) -> None:
    """Those who follow list only the models that the hint names, and read only the records with another tag."""
    hint = run_hint_reader(store)
    record_training(store, record_of(FIRST, 5))
    assert hint.changed() == set()
    hint.make()
    record_training(store, record_of(SECOND, 5))
    assert hint.changed() == {"digits"}
    before = {run.id: run.tag for run in stored_runs(store, "digits")}
    change_run(store, "digits", FIRST, {"tags": ["a"]})
    after = {run.id: run.tag for run in stored_runs(store, "digits")}
    assert hint.changed() == {"digits"}
    assert {run_id for run_id in after if after[run_id] != before[run_id]} == {FIRST}
    assert hint.changed() == set()


def test_an_older_record_reads_as_if_it_had_every_field() -> None:
    """Seed and backend are the spec's, version and gate the result's."""
    found = complete_record(OLD)
    assert (found["seed"], found["backend"], found["version"], found["gate"]) == (7, "jax", 2, {"holds": True})
    assert (found["tags"], found["note"], found["test"], found["format_version"]) == ([], "", None, 1)
    assert complete_record(json.loads(json.dumps(found))) == found
