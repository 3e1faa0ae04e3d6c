import json
from typing import Any

import pytest

from models.runs.record import make_record
from models.runs.recording import record_training
from models.store.store import Store

FIRST, SECOND, FAILED = ("a1" * 16, "b2" * 16, "c3" * 16)
ERROR = {"type": "DataError", "message": "no such file"}


def record(run_id: str, **more: Any) -> dict[str, Any]:
    metrics = {"accuracy": 0.9 if run_id == FIRST else 0.95}
    job = {
        "id": run_id, "status": "finished", "model": "iris", "queue": "local",
        "created_at": f"2026-01-01T00:00:{run_id[1]}0Z",
        "started_at": "2026-01-01T00:00:00Z", "ended_at": "2026-01-01T00:00:12Z", "progress": {"epoch": 2},
        "result": {"model": "iris", "version": 3, "metrics": metrics},
    } | more  # fmt: skip
    test = {"sha256": "9f", "rows": 16, "right": "/+8=" if run_id == FIRST else "//8=", "class_names": ["p", "q"],
            "confusion": [[8, int(run_id == FIRST)], [0, 7]], "intervals": {"accuracy": [0.8, 0.97]}}  # fmt: skip
    facts = {"test": test, "metrics": {"test": metrics}} if job["status"] == "finished" else {}
    return make_record(
        job, {"model": "iris", "fit": {"epochs": int(run_id[1])}}, facts, first_epoch=1,
        history={"val_loss": [0.9, 0.1 * int(run_id[1])]},
    )  # fmt: skip


@pytest.fixture
def store(onehot) -> Store:  # noqa: ARG001 -- it leads into an empty folder
    """Two finished runs and one that failed, in `var/store`."""
    store = Store.open("var/store")
    for one in (record(FIRST), record(SECOND), record(FAILED, status="failed", result=None, error=ERROR)):
        record_training(store, one)
    return store


@pytest.mark.usefixtures("store")
def test_runs_are_listed_filtered_and_sorted(onehot) -> None:
    """No service is needed; a failed one says why."""
    lines = onehot("runs", "list").stdout.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [run_id[:12] for run_id in (FAILED, SECOND, FIRST)]
    assert "no such file" in lines[1]
    assert "accuracy 0.9500" in lines[2]
    found = json.loads(onehot("runs", "list", "--status", "finished", "--sort", "metrics.accuracy", "--json").stdout)
    assert [run["id"] for run in found["runs"]] == [FIRST, SECOND]
    assert onehot("runs", "list", "--model", "wine").stderr.startswith("No such runs")
    assert onehot("runs", "list", "--sort", "banana").exit_code == 1
    assert onehot("runs", "list", "--status", "queued").exit_code == 2


@pytest.mark.usefixtures("store")
def test_one_run_is_shown_by_the_beginning_of_its_id(onehot) -> None:
    """With what differs from the run before; a beginning of none is refused."""
    shown = onehot("runs", "show", SECOND[:4]).stdout
    assert "0.9500 [0.8000, 0.9700]" in shown
    assert "1 → 2" in shown
    assert json.loads(onehot("runs", "show", SECOND, "--json").stdout)["previous"]["id"] == FIRST
    for wrong in ("ff", "0" * 32):
        result = onehot("runs", "show", wrong)
        assert (result.exit_code, wrong in result.stderr) == (1, True)


@pytest.mark.usefixtures("store")
def test_a_run_is_tagged_and_noted(onehot) -> None:
    """Tags are added and taken away; what no tag can be is wrong usage."""
    assert "best, q1 (warm)" in onehot("runs", "tag", "a1a1", "best", "q1", "--note", "warm").stdout
    assert "a1a1a1a1a1a1" in onehot("runs", "list", "--tag", "best").stdout
    assert json.loads(onehot("runs", "tag", FIRST, "--remove", "best", "--json").stdout)["tags"] == ["q1"]
    assert onehot("runs", "tag", FIRST).exit_code == 2
    assert onehot("runs", "tag", FIRST, "a b").exit_code == 2


@pytest.mark.usefixtures("store")
def test_runs_are_compared(onehot) -> None:
    """What differs, metrics, curves, McNemar's test and confusion, with a letter for each run."""
    shown = onehot("runs", "compare", "a1", "b2").stdout
    for part in (
        "fit.epochs  1  2", "0.9000 [0.8000, 0.9700]", "0.9500 [0.8000, 0.9700] *", "val_loss by epoch", "A and B",
        "Confusion: B against A", "A  █▁",
    ):  # fmt: skip
        assert part in shown, shown
    assert json.loads(onehot("runs", "compare", FIRST, SECOND, "--json").stdout)["mcnemar"][0]["only_second"] == 1
    assert onehot("runs", "compare", FIRST).exit_code == 2
    assert onehot("runs", "compare", FIRST, FIRST).exit_code == 2


def test_a_service_is_asked_where_one_is_named(onehot, stand_in, monkeypatch) -> None:
    """Page after page, as far as needed; its refusals are told."""
    monkeypatch.setenv("ONEHOT_URL", stand_in.url)
    line = {"id": FIRST, "status": "finished", "model": "iris", "version": 1, "ended_at": None, "duration_s": None,
            "epochs": 1, "metrics": {}, "error": None, "tags": []}  # fmt: skip
    asked = "/v1/runs?sort=-created_at&limit=2"
    stand_in.on("GET", asked, (200, {"runs": [line], "next": "x"}))
    stand_in.on("GET", f"{asked}&cursor=x", (200, {"runs": [{**line, "id": SECOND}]}))
    found = json.loads(onehot("runs", "list", "--limit", "2", "--json").stdout)
    assert [run["id"] for run in found["runs"]] == [FIRST, SECOND]
    stand_in.on("GET", f"/v1/runs/{FIRST}", (200, record(FIRST)))
    stand_in.on("PATCH", f"/v1/runs/{FIRST}", (200, {**record(FIRST), "tags": ["x"]}))
    assert onehot("runs", "tag", FIRST, "x").stdout == f"{FIRST}: x\n"
    assert json.loads(stand_in.received[-1][3]) == {"tags": ["x"]}
    stand_in.on("GET", f"/v1/runs/{SECOND}", (404, {"error": "no run"}))
    assert onehot("runs", "show", SECOND).exit_code == 1
