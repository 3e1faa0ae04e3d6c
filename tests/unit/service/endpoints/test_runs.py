"""Runs over HTTP: listed, looked at, changed, compared; every answer is checked against the OpenAPI document."""

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from models.runs.record import make_record
from models.runs.recording import record_training
from models.store import runs as stored
from models.store.runs import write_run
from models.store.store import Store

MODELS = ("digits", "iris", "wine")


def run_id(number: int) -> str:
    return f"{number:032x}"


def record(number: int, **more: Any) -> dict[str, Any]:
    """A finished run: of every third model, of so many epochs, with so much accuracy."""
    model = MODELS[number % 3]
    job = {
        "id": run_id(number), "status": "finished", "model": model, "queue": "train",
        "created_at": f"2026-01-01T00:00:{number:02}.000+00:00", "started_at": "2026-01-01T00:00:00.000+00:00",
        "ended_at": "2026-01-01T00:01:00.000+00:00", "error": None, "progress": {"epoch": number},
        "result": {"model": model, "version": number, "metrics": {"accuracy": number / 100}},
    }  # fmt: skip
    spec = {"model": model, "seed": 7, "backend": "jax", "fit": {"epochs": number}}
    return make_record(job | more, spec, {}, tags=["even"] if number % 2 == 0 else [], history={"loss": [1.0, 0.5]})


@pytest.fixture
def store(store_folder: Path) -> Store:
    """Twelve runs of three models, one of which failed."""
    store = Store.open(store_folder)
    for number in range(11):
        record_training(store, record(number))
    error = {"type": "DataError", "message": "no such file"}
    record_training(store, record(11, status="failed", result=None, error=error))
    return store


def numbers(client: FlaskClient, **query: Any) -> list[int]:
    answer = client.get("/v1/runs", query_string=query)
    assert answer.status_code == 200, answer.json
    return [int(run["id"], 16) for run in answer.json["runs"]]


@pytest.mark.usefixtures("store")
def test_values_of_the_spec_are_given_where_they_are_asked_for(client: FlaskClient) -> None:
    """By path; null where a spec has no such value."""
    assert "parameters" not in client.get("/v1/runs?limit=1").json["runs"][0]
    answer = client.get("/v1/runs?limit=2&sort=epochs&parameter=fit.epochs&parameter=backend&parameter=fit.rate")
    assert [run["parameters"] for run in answer.json["runs"]] == [
        {"fit.epochs": epochs, "backend": "jax", "fit.rate": None} for epochs in (0, 1)
    ]
    assert client.get("/v1/runs", query_string={"parameter": ["fit.epochs"] * 51}).status_code == 400


@pytest.mark.usefixtures("store")
def test_runs_are_filtered_and_sorted(client: FlaskClient) -> None:
    """The newest first; runs without a value to sort by are last in both directions."""
    assert numbers(client) == list(range(11, -1, -1))
    assert numbers(client, model="iris") == [10, 7, 4, 1]
    assert numbers(client, status="failed") == [11]
    assert numbers(client, tag="even", model="digits") == [6, 0]
    assert numbers(client, tag=["even", "odd"]) == []
    assert numbers(client, sort="metrics.accuracy", limit=3) == [0, 1, 2]
    assert numbers(client, sort="-accuracy")[:2] == [10, 9]
    assert numbers(client, sort="-version")[-1] == numbers(client, sort="version")[-1] == 11
    assert numbers(client, model="unheard") == []


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("sort", ["-created_at", "model", "-metrics.accuracy", "version", "-duration_s"])
def test_pages_give_every_run_once(client: FlaskClient, sort: str) -> None:
    """However it is sorted, also among equal values and those without one."""
    found: list[str] = []
    query: dict[str, Any] = {"sort": sort, "limit": 5}
    while True:
        page = client.get("/v1/runs", query_string=query).json
        found += [run["id"] for run in page["runs"]]
        if "next" not in page:
            break
        query["cursor"] = page["next"]
    whole = client.get("/v1/runs", query_string={"sort": sort}).json["runs"]
    assert found == [run["id"] for run in whole]
    assert len(set(found)) == 12


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("tags=x", "'tags'"),
        ("status=queued", "status"),
        ("sort=banana", "sort"),
        ("limit=0", "limit"),
        ("cursor=x", "cursor"),
    ],
)
def test_a_wrong_query_is_named(client: FlaskClient, query: str, named: str) -> None:
    """400, with what was expected."""
    answer = client.get(f"/v1/runs?{query}")
    assert answer.status_code == 400
    assert named in answer.json["error"]


def test_one_run_tells_everything(client: FlaskClient, store: Store) -> None:
    """Also one whose record lacks what newer ones have; its model need not be known."""
    whole = client.get(f"/v1/runs/{run_id(4)}").json
    assert (whole["version"], whole["seed"], whole["spec"]["fit"]) == (4, 7, {"epochs": 4})
    assert whole["previous"] == {"id": run_id(1), "differs": [{"path": "fit.epochs", "before": 1, "after": 4}]}
    write_run(store, {"id": run_id(99), "status": "finished", "model": "old", "queue": "train", "spec": {"seed": 3}})
    assert client.get(f"/v1/runs/{run_id(99)}").json["seed"] == 3
    for wrong in (run_id(100), "nothing"):
        answer = client.get(f"/v1/runs/{wrong}")
        assert (answer.status_code, wrong in answer.json["error"]) == (404, True)


@pytest.mark.usefixtures("store")
def test_tags_and_note_change_and_nothing_else(client: FlaskClient) -> None:
    """What is not given stays; the list shows it at once."""
    path = f"/v1/runs/{run_id(3)}"
    before = client.get(path).json
    assert client.get("/v1/runs?tag=best").json == {"runs": []}
    changed = client.patch(path, json={"tags": ["best", "best", "q1"], "note": "warm start"})
    assert changed.json == {**before, "tags": ["best", "q1"], "note": "warm start"}
    assert client.patch(path, json={"note": ""}).json == client.get(path).json == {**changed.json, "note": ""}
    assert numbers(client, tag="best") == [3]
    for body in ({}, {"status": "finished"}, {"tags": "best"}, {"tags": ["a b"]}, {"tags": ["a\n"]}, {"note": 7}):
        assert client.patch(path, json=body).status_code == 400, body
    assert client.patch(f"/v1/runs/{run_id(99)}", json={"note": "x"}).status_code == 404
    refused = client.patch(path, json={"note": "x"}, headers={"Origin": "https://evil.example"})
    assert refused.status_code == 403


@pytest.mark.usefixtures("store")
def test_runs_stand_side_by_side(client: FlaskClient) -> None:
    """In the order in which they were asked for; runs that cannot be compared are named."""
    answer = client.get("/v1/runs/compare", query_string={"id": [run_id(5), run_id(2)]})
    assert [run["id"] for run in answer.json["runs"]] == [run_id(5), run_id(2)]
    assert answer.json["spec"] == [{"path": "fit.epochs", "values": [5, 2]}]
    assert answer.json["metrics"][0]["best"] == [True, False]
    assert answer.json["curves"][0]["runs"][0] == {"epochs": [1, 2], "values": [1.0, 0.5]}
    assert (answer.json["test_rows"]["same"], answer.json["mcnemar"], answer.json["confusion"]) == (False, [], [])
    for ids in ([], [run_id(1)], [run_id(1)] * 2, [run_id(number) for number in range(21)]):
        assert client.get("/v1/runs/compare", query_string={"id": ids}).status_code == 400
    assert client.get("/v1/runs/compare", query_string={"id": [run_id(1), run_id(50)]}).status_code == 404


def test_a_damaged_record_is_that_records_damage(client: FlaskClient, store: Store, store_folder: Path) -> None:
    """All others are listed, whatever it holds."""
    write_run(store, record(12) | {"progress": {"metrics": [1]}})
    write_run(store, record(13) | {"started_at": "yesterday"})
    (store_folder / "iris" / "runs" / f"{run_id(4)}.json").write_bytes(b"{")
    (store_folder / "iris" / "runs" / f"{run_id(77)}.json").mkdir()
    assert sorted(numbers(client)) == [number for number in range(12) if number != 4]


def test_a_list_asks_the_store_for_nothing_but_the_hint(
    client: FlaskClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No listing, and no record that was read before: only those that changed since."""
    numbers(client)
    read: list[str] = []
    get = stored.get
    monkeypatch.setattr(stored, "get", lambda objects, path, **more: (read.append(path), get(objects, path, **more))[1])
    monkeypatch.setattr(stored.obstore, "list_with_delimiter", None)
    for _ in range(3):
        assert len(numbers(client, sort="-metrics.accuracy")) == 12
    assert read == []
    monkeypatch.undo()
    monkeypatch.setattr(stored, "get", lambda objects, path, **more: (read.append(path), get(objects, path, **more))[1])
    record_training(store, record(13))
    read.clear()
    assert numbers(client, limit=1) == [13]
    assert read == [f"iris/runs/{run_id(13)}.json"]
