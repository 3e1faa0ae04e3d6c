import json
from pathlib import Path
from typing import Any

import pytest

from models.store.runs import find_run, write_run
from models.store.store import Store

JOB_ID = "0123456789abcdef0123456789abcdef"
RECORD = {
    "id": JOB_ID, "model": "digits", "status": "finished", "queue": "train", "created_at": None, "error": None,
    "result": {"model": "digits", "version": 3}, "first_epoch": 1, "history": {"loss": [0.5, 0.25]},
}  # fmt: skip
SPOILED: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"{",
    "bytes": b"\xff\xfe\x00",
    "a list": b"[]",
    "too deep": b"[" * 200_000,
    "another id": json.dumps({**RECORD, "id": "x"}).encode(),
    "a status that is a number": json.dumps({**RECORD, "status": 1}).encode(),
    "a history that is a list": json.dumps({**RECORD, "history": [1]}).encode(),
    "a column that is a number": json.dumps({**RECORD, "history": {"loss": 1}}).encode(),
    "an epoch that is a text": json.dumps({**RECORD, "first_epoch": "1"}).encode(),
    "not a number": json.dumps(RECORD).encode().replace(b"0.25", b"NaN"),
    "a number of 5000 digits": json.dumps(RECORD).encode().replace(b"0.25", b"9" * 5000),
}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty one."""
    return Store.open(tmp_path)


def test_a_record_is_found_by_its_id_alone(store: Store, tmp_path: Path) -> None:
    """It stands with its model; other models have none of it."""
    (tmp_path / "aaa").mkdir()
    write_run(store, RECORD)
    write_run(store, RECORD)
    assert (tmp_path / "digits" / "runs" / f"{JOB_ID}.json").is_file()
    assert find_run(store, JOB_ID) == find_run(store, JOB_ID, model="digits") == RECORD
    assert find_run(store, JOB_ID, model="aaa") is None
    assert store.models() == []


@pytest.mark.parametrize("job_id", ["f" * 32, "../digits/runs/x", "", "a b", "x" * 500])
def test_there_is_no_record_of_another_id(store: Store, job_id: str) -> None:
    """Whatever it holds."""
    write_run(store, RECORD)
    assert find_run(store, job_id) is None


@pytest.mark.parametrize("content", SPOILED.values(), ids=SPOILED)
def test_a_spoiled_record_counts_as_none(store: Store, tmp_path: Path, content: Any) -> None:
    """It harms no client that asks."""
    write_run(store, RECORD)
    (tmp_path / "digits" / "runs" / f"{JOB_ID}.json").write_bytes(content)
    assert find_run(store, JOB_ID) is None
