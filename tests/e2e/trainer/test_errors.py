import os
import resource
import shutil
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.e2e.small_disk import MIB, mounted

pytestmark = pytest.mark.timeout(240)

LONG = {"epochs": 100_000, "batch_size": 10}
HUGE = [{"Dense": {"units": 30_000}}, {"Dense": {"units": 30_000}}, {"Dense": {"units": 3, "activation": "softmax"}}]


def test_a_loss_that_is_no_number_is_told_with_its_epoch(site: Any) -> None:
    """And not tried again."""
    site.keep_workers(1)
    compiled = {"optimizer": {"SGD": {"learning_rate": 10.0}}, "loss": "mean_squared_error", "metrics": []}
    job = site.submit(layers=[{"Dense": {"units": 8}}, {"Dense": {"units": 3}}], compile=compiled)
    assert site.ended(job) == "failed"
    assert site.error(job)["type"] == "TrainingDiverged"
    assert "after epoch " in site.error(job)["message"]
    job.refresh()
    assert job.retries_left == 0


def test_a_job_over_its_time_is_told(site: Any) -> None:
    """With the limit and the epoch."""
    site.keep_workers(1)
    job = site.submit(fit={**LONG, "timeout_s": 1})
    assert site.ended(job) == "failed"
    assert site.error(job)["type"] == "TrainingTimedOut"
    assert "expected at most 1 s (fit.timeout_s)" in site.error(job)["message"]
    site.no_checkpoint(job)


def test_data_that_changed_under_a_resumed_job_is_told(site: Any, wait_for: Callable[..., Any]) -> None:
    """It is neither the old training nor a new one."""
    site.keep_workers(1)
    shutil.copy(site.folder / "classic.npz", site.folder / "moving.npz")
    job = site.submit(data={"source": "moving.npz", "validation": 0.1, "test": 0.2}, fit=LONG)
    wait_for((site.folder / "store" / site.model(job) / "checkpoints").exists)
    with np.load(site.folder / "classic.npz") as data:
        np.savez(site.folder / "moving.npz", x=data["x"] * 2, y=data["y"])
    site.horse_of(job).kill()
    assert site.ended(job) == "failed"
    assert site.error(job)["type"] == "DataChanged"
    assert "the data changed while the job was trained" in site.error(job)["message"]
    site.no_checkpoint(job)


def test_memory_that_runs_out_is_told(site: Any) -> None:
    """Where an allocation fails: not tried again, with what to do."""
    site.keep_workers(1)
    limit = 6 * 2**30
    resource.prlimit(site.workers[0].pid, resource.RLIMIT_AS, (limit, limit))
    job = site.submit(layers=HUGE, fit={"epochs": 1})
    assert site.ended(job) == "failed"
    assert site.error(job)["type"] == "OutOfMemory"
    assert "lower fit.batch_size" in site.error(job)["message"]
    job.refresh()
    assert job.retries_left == 0
    site.stop_workers()


def test_a_process_that_is_killed_again_and_again_is_told(site: Any, wait_for: Callable[..., Any]) -> None:
    """As the kernel does when memory runs out: with the peak, after three more tries."""
    site.keep_workers(1)
    job = site.submit(fit=LONG)
    killed = set()
    for _ in range(4):
        horse = wait_for(lambda: site.status(job) == "started" and site.horse_of(job))
        wait_for(lambda: site.horse_of(job).pid not in killed)
        horse = site.horse_of(job)
        killed.add(horse.pid)
        horse.kill()
    assert site.ended(job) == "failed"
    assert site.error(job)["type"] == "ProcessKilled"
    assert "ended by signal 9 at a peak of " in site.error(job)["message"]
    wait_for(lambda: site.events(job)[-1:] == [{"event": "end", "status": "failed"}])
    site.no_checkpoint(job)


def test_workers_that_vanish_again_and_again_are_told(site: Any, wait_for: Callable[..., Any]) -> None:
    """The job has an end event as well."""
    site.stop_workers()
    site.keep_workers(1)
    job = site.submit(fit=LONG)
    wait_for(lambda: site.epoch(job) > 1)
    site.client.hset(job.key, "retries_left", 0)
    site.worker_of(job).kill()
    site.workers[0].wait(60)
    site.keep_workers(1)
    assert site.ended(job, deadline_s=30) == "failed"
    assert site.error(job)["type"] == "WorkerLost"
    wait_for(lambda: site.events(job)[-1:] == [{"event": "end", "status": "failed"}])
    site.no_checkpoint(job)


@pytest.fixture
def small_disk(tmp_path: Any) -> Any:
    """A file system of one MiB."""
    with mounted(tmp_path / "small", size_bytes=MIB):
        yield tmp_path / "small"


def test_a_full_store_is_told(site: Any, small_disk: Any) -> None:
    """At once: there is nothing to wait for."""
    site.stop_workers()
    (small_disk / "filler").write_bytes(b"\0" * (1024 * 1024 - 20_000))
    site.start_worker(ONEHOT_STORE=str(small_disk))
    job = site.submit(layers=[{"Dense": {"units": 500}}, *HUGE[-1:]], fit={"epochs": 1})
    assert site.ended(job) == "failed"
    assert site.error(job)["type"] == "StoreFull"
    assert "No space left on device" in site.error(job)["message"]
    site.stop_workers()


def test_a_store_that_is_away_for_a_while_is_waited_for(site: Any, wait_for: Callable[..., Any]) -> None:
    """The training is not lost by it."""
    if os.environ.get("USER") == "nobody":
        pytest.skip("folders cannot be taken away here")
    site.stop_workers()
    site.keep_workers(1)
    job = site.submit()
    wait_for(lambda: site.epoch(job) >= 50)
    store, elsewhere = site.folder / "store", site.folder / "elsewhere"
    store.rename(elsewhere)
    store.write_text("not a folder")
    wait_for(lambda: b"trying again in" in site.log.read_bytes(), says="the store is missed")
    store.unlink()
    elsewhere.rename(store)
    assert site.ended(job) == "finished"
    site.digest(job)
