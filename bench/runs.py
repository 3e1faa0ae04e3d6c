"""Runs of many models, listed and compared: `python bench/runs.py [RUNS] [MODELS]`, in a folder and in a bucket.

Records are as large as those of real trainings. A service is asked over HTTP; of the bucket every request is counted.
"""

import base64
import json
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import obstore
from scale_site import SPEC, Site, wait

from models.runs.record import make_record
from models.spec import load_spec
from models.store.store import Store

REPEATS = 21
EPOCHS, TEST_ROWS = 50, 2000
QUERIES = {
    "list of 100, newest first": {"limit": 100},
    "filter by model, sort by accuracy": {"model": "model-07", "sort": "-metrics.accuracy"},
    "filter by status and tag, sort by duration": {"status": "finished", "tag": "even", "sort": "duration_s"},
}


def records(count: int, models: int) -> Iterator[dict[str, Any]]:
    """Finished and failed runs, as trainings write them."""
    rng, spec = np.random.default_rng(7), load_spec(SPEC).document
    for number in range(count):
        model, started = f"model-{number % models:02}", datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
        right = rng.random(TEST_ROWS) < 0.9
        history = {name: rng.random(EPOCHS).tolist() for name in ("loss", "accuracy", "val_loss", "val_accuracy")}
        metrics = {"loss": float(rng.random()), "accuracy": float(right.mean())}
        is_failed = number % 10 == 9
        job = {
            "id": uuid.UUID(int=number).hex, "status": "failed" if is_failed else "finished", "model": model,
            "queue": "train", "created_at": started.isoformat(), "started_at": started.isoformat(),
            "ended_at": (started + timedelta(seconds=number)).isoformat(), "progress": {"epoch": EPOCHS},
            "error": {"type": "DataError", "message": "no such file"} if is_failed else None,
            "result": None if is_failed else {"model": model, "version": number // models + 1, "metrics": metrics},
        }  # fmt: skip
        test = {
            "sha256": "9f" * 32, "rows": TEST_ROWS, "right": base64.b64encode(np.packbits(right)).decode(),
            "class_names": ["a", "b", "c"], "confusion": rng.integers(0, 600, (3, 3)).tolist(),
            "intervals": {"accuracy": [0.88, 0.92]},
        }  # fmt: skip
        fit = {**spec["fit"], "batch_size": 1 + number}
        yield make_record(
            job, {**spec, "model": model, "fit": fit}, {"metrics": {"test": metrics}, "test": test}, attempts=1,
            worker="node.1", spec_as_written=SPEC, tags=["even"] if number % 2 == 0 else [], first_epoch=1,
            history=history,
        )  # fmt: skip


def fill(store: Store, count: int, models: int) -> None:
    """Write them, several at one time."""

    def put(record: dict[str, Any]) -> None:
        obstore.put(store.objects, f"{record['model']}/runs/{record['id']}.json", json.dumps(record).encode())

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(put, records(count, models)))


def ask(service: httpx.Client, path: str, **query: Any) -> tuple[float, httpx.Response]:
    """The milliseconds of one request, and its answer."""
    started_s = time.perf_counter()
    answer = service.get(path, params=query)
    answer.raise_for_status()
    return (time.perf_counter() - started_s) * 1000, answer


def first(place: str, what: str, service: httpx.Client, requests: Any) -> None:
    """Print how long the first request takes, which reads what the service does not know yet."""
    began_s, before = time.perf_counter(), requests()
    wait(lambda: service.get("/v1/runs", params={"limit": 1}).is_success, "the runs are read")
    first_ms = (time.perf_counter() - began_s) * 1000
    print(f"| {place} | {what} | {first_ms:.0f} | {first_ms:.0f} | {requests() - before} |", flush=True)


def measure(place: str, service: httpx.Client, count: int, requests: Any) -> None:
    """Print a line for each request, with the median and the worst of many."""
    first(place, "first request, reads every record", service, requests)
    answer = ask(service, "/v1/runs", limit=1000)[1]
    ids = [run["id"] for run in answer.json()["runs"] if run["status"] == "finished"][:20]
    if len(answer.json()["runs"]) != min(count, 1000):
        raise SystemExit(f"{place}: expected all {count} runs; received {len(answer.json()['runs'])}")
    lists = [(name, "/v1/runs", query) for name, query in QUERIES.items()]
    cases: list[tuple[str, str, dict[str, Any]]] = [*lists, ("compare 20", "/v1/runs/compare", {"id": ids})]
    for name, path, query in cases:
        before = requests()
        times = [ask(service, path, **query)[0] for _ in range(REPEATS)]
        asked = (requests() - before) / REPEATS
        print(f"| {place} | {name} | {statistics.median(times):.0f} | {max(times):.0f} | {asked:.1f} |", flush=True)


def both(site: Site, count: int, models: int) -> None:
    """A service over a folder, then one over a bucket."""
    quiet = {"ONEHOT_FULL_POLL_S": "3600", "ONEHOT_POLL_S": "3600", "ONEHOT_REDIS_URL": "redis://127.0.0.1:1/0"}
    folder = site.folder / "store"
    fill(Store.open(folder), count, models)
    with site.service(**quiet, ONEHOT_STORE=str(folder)) as service, connected(service.url) as client:
        measure("folder", client, count, lambda: 0)
    with site.bucket() as bucket:
        fill(bucket.store(), count, models)
        found = quiet | bucket.environment | {"ONEHOT_STORE": bucket.url}
        with site.service(**found) as service, connected(service.url) as client:
            measure("bucket", client, count, bucket.requests)
        with site.service(**found) as service, connected(service.url) as client:
            first("bucket", "first request of another start", client, bucket.requests)


def connected(url: str) -> httpx.Client:
    """A client that waits."""
    return httpx.Client(base_url=url, timeout=120, trust_env=False)


if __name__ == "__main__":
    runs, names = int((sys.argv[1:] or ["1000"])[0]), int((sys.argv[2:] or ["20"])[0])
    print(f"{runs} runs of {names} models; milliseconds at the client, {REPEATS} requests each\n")
    print("| store | request | median | worst | requests to the bucket |\n| --- | --- | --- | --- | --- |", flush=True)
    with tempfile.TemporaryDirectory() as place:
        both(Site(Path(place)), runs, names)
