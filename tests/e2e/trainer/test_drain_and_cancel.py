import os
import signal
from collections.abc import Callable
from typing import Any

import pytest

from tests.timing import promised_s

pytestmark = pytest.mark.timeout(600)

LONG = {"epochs": 100_000, "batch_size": 10}
DRAINED_WITHIN_S = promised_s(20)
CANCELLED_WITHIN_S = promised_s(5)


def cancel(site: Any, job: Any) -> None:
    """As the service does it."""
    site.client.set(f"onehot:job:{job.id}:cancel", 1)
    if site.status(job) == "queued":
        job.cancel()


def test_a_drained_worker_hands_its_training_over(site: Any, wait_for: Callable[..., Any]) -> None:
    """Checkpoint, back into the queue, exit 0 within 20 s, not counted as a try; the result is the undisturbed one."""
    site.keep_workers(1)
    undisturbed = site.submit()
    assert site.ended(undisturbed) == "finished"
    job = site.submit()
    wait_for(lambda: site.epoch(job) >= 100, says="epoch 100")
    worker = site.workers[0]
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(DRAINED_WITHIN_S) == 0
    assert site.status(job) == "queued"
    job.refresh()
    assert job.retries_left == 3
    reached = site.epoch(job)
    assert list((site.folder / "store" / site.model(job) / "checkpoints" / job.id).glob("*.checkpoint"))
    site.keep_workers(1)
    assert site.ended(job) == "finished"
    assert site.digest(job) == site.digest(undisturbed)
    assert f"job {job.id} goes on in epoch {reached + 1}" in site.log.read_text()


def test_an_idle_worker_ends_at_once(site: Any) -> None:
    """Within seconds, with status 0."""
    site.keep_workers(1)
    site.workers[0].send_signal(signal.SIGTERM)
    assert site.workers[0].wait(promised_s(5)) == 0


@pytest.mark.skipif("KILLS" not in os.environ, reason="waits for a deadline; with the long form, KILLS=20")
def test_a_training_that_does_not_hear_is_killed_in_time(site: Any, wait_for: Callable[..., Any]) -> None:
    """The worker ends within 20 s all the same, and the job is back in the queue without a try less."""
    site.keep_workers(1)
    job = site.submit(fit=LONG)
    wait_for(lambda: site.epoch(job) > 10)
    site.horse_of(job).send_signal(signal.SIGSTOP)
    worker = site.workers[0]
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(DRAINED_WITHIN_S) == 0
    assert site.status(job) == "queued"
    job.refresh()
    assert job.retries_left == 3
    cancel(site, job)


def test_a_running_job_is_canceled(site: Any, wait_for: Callable[..., Any]) -> None:
    """It stops within 5 s and stays stopped; nothing is published, no checkpoint is left."""
    site.keep_workers(1)
    job = site.submit(fit=LONG)
    folder = site.folder / "store" / site.model(job) / "checkpoints"
    wait_for(folder.exists, says="a checkpoint")
    cancel(site, job)
    assert site.ended(job, deadline_s=CANCELLED_WITHIN_S) == "stopped"
    assert site.error(job)["type"] == "TrainingCanceled"
    wait_for(lambda: site.events(job)[-1:] == [{"event": "end", "status": "stopped"}])
    site.no_checkpoint(job)
    assert site.store.versions(site.model(job)) == []
    after = site.submit(fit={"epochs": 1})
    assert site.ended(after) == "finished"
    assert site.status(job) == "stopped"


def test_a_job_that_does_not_hear_is_canceled(site: Any, wait_for: Callable[..., Any]) -> None:
    """The worker ends it; within 5 s as well."""
    site.keep_workers(1)
    job = site.submit(fit=LONG)
    wait_for(lambda: site.epoch(job) > 10)
    site.horse_of(job).send_signal(signal.SIGSTOP)
    cancel(site, job)
    assert site.ended(job, deadline_s=CANCELLED_WITHIN_S) == "stopped"
    assert site.error(job)["type"] == "TrainingCanceled"
    site.no_checkpoint(job)


def test_a_waiting_job_is_canceled_with_its_checkpoint(site: Any, wait_for: Callable[..., Any]) -> None:
    """One that a drained worker gave back; it never runs again."""
    site.keep_workers(1)
    job = site.submit(fit=LONG)
    wait_for(lambda: site.epoch(job) > 10)
    site.stop_workers()
    assert site.status(job) == "queued"
    assert (site.folder / "store" / site.model(job) / "checkpoints").exists()
    cancel(site, job)
    assert site.status(job) == "canceled"
    site.keep_workers(1)
    site.no_checkpoint(job)
    assert site.status(job) == "canceled"
    assert site.store.versions(site.model(job)) == []
