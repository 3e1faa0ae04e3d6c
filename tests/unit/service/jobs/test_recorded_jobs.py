import time
from pathlib import Path

import pytest

from models.store import runs
from models.store.runs import write_run
from models.store.store import Store
from service.jobs.recorded_jobs import find_recorded_job
from service.registry.registry import Registry

JOB_ID = "0123456789abcdef" * 2
RECORD = {"id": JOB_ID, "status": "failed", "model": "m-40", "queue": "train"}


def test_many_models_are_asked_for_at_one_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a bucket each answer takes long, and the thread that waits for them is one of few."""
    for number in range(64):
        (tmp_path / f"m-{number}").mkdir()
    write_run(Store.open(tmp_path), RECORD)
    get = runs.get
    monkeypatch.setattr(runs, "get", lambda *one, **more: (time.sleep(0.05), get(*one, **more))[1])
    registry = Registry(lambda: Store.open(tmp_path), keep_versions=2)
    started_s = time.monotonic()
    found = find_recorded_job(registry, JOB_ID)
    assert found is not None
    assert found.record["model"] == "m-40"
    assert find_recorded_job(registry, "f" * 32) is None
    assert time.monotonic() - started_s < 2
