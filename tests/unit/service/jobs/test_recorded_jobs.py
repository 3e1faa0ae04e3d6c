import threading
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from models.store import runs
from models.store.runs import write_run
from models.store.store import Store
from service.jobs.recorded_jobs import find_recorded_job
from service.registry.registry import Registry

MODELS, AT_ONE_TIME = 64, 8
JOB_ID = "0123456789abcdef" * 2
RECORD = {"id": JOB_ID, "status": "failed", "model": "m-40", "queue": "train"}


def test_many_models_are_asked_for_at_one_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a bucket each answer takes long, and the thread that waits for them is one of few."""
    for number in range(MODELS):
        (tmp_path / f"m-{number}").mkdir()
    write_run(Store.open(tmp_path), RECORD)
    get, numbers, all_asked = runs.get, count(), threading.Barrier(AT_ONE_TIME, timeout=30)

    def get_with_others(*one: Any, **more: Any) -> Any:
        if next(numbers) < AT_ONE_TIME:
            all_asked.wait()  # the first ones are not answered before all of them were asked
        return get(*one, **more)

    monkeypatch.setattr(runs, "get", get_with_others)
    registry = Registry(lambda: Store.open(tmp_path), keep_versions=2)
    found = find_recorded_job(registry, JOB_ID)
    assert found is not None
    assert found.record["model"] == "m-40"
    assert find_recorded_job(registry, "f" * 32) is None
    assert next(numbers) == 2 * MODELS
