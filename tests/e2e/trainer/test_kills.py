"""SIGKILL at seeded random moments. KILLS=20 asks for the long form, LEASE=15 for workers as they are by default."""

import contextlib
import os
import random
import re
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest

from tests.e2e.trainer.conftest import wait_for
from tests.timing import promised_s

KILLS = int(os.environ.get("KILLS", "2"))
WITHIN_S = promised_s(30)
BUSY = {"epochs": 100_000, "batch_size": 10}
EPOCHS = 400

pytestmark = pytest.mark.timeout(120 + 40 * KILLS)


def moments(seed: int, number: int) -> Iterator[tuple[random.Random, int]]:
    """Epochs after which to kill."""
    rng = random.Random(seed)
    for _ in range(number):
        yield rng, rng.randrange(0, EPOCHS * 3 // 4)


def test_a_killed_work_horse_is_replaced(site: Any, undisturbed: str) -> None:
    """At once, by the same worker or another; published once, with the undisturbed run's digest."""
    site.keep_workers(2)
    for _, epoch in moments(1, KILLS):
        job = site.submit()
        site.until(job, status="started", epoch=epoch)
        site.horse_of(job).kill()
        assert site.ended(job) == "finished"
        assert site.digest(job) == undisturbed


def test_a_work_horse_that_is_killed_while_it_publishes_is_replaced(site: Any, undisturbed: str) -> None:
    """Somewhere between the last epoch and the end of the job."""
    site.keep_workers(2)
    rng = random.Random(3)
    for _ in range(KILLS):
        job = site.submit()
        site.until(job, status="started", epoch=1)
        horse = site.horse_of(job)
        site.until(job, epoch=EPOCHS)
        time.sleep(rng.uniform(0, 0.5))
        with contextlib.suppress(psutil.NoSuchProcess):
            horse.kill()
        assert site.ended(job) == "finished"
        assert site.digest(job) == undisturbed


def test_killed_workers_are_noticed_by_one_that_is_busy(site: Any, undisturbed: str) -> None:
    """Work-horses are gone with their workers; the jobs are back in the queue within 30 s, and run when one is free."""
    for rng, epoch in moments(2, KILLS // 2):
        site.keep_workers(3)
        busy, *jobs = site.submit(fit=BUSY), site.submit(), site.submit()
        for job in (busy, *jobs):
            site.until(job, status="started", epoch=1 if job is busy else epoch)
        (lone, orphan), (worker, horse) = ((site.worker_of(job), site.horse_of(job)) for job in jobs)
        victims = rng.sample([lone, worker, horse], 3)
        for victim in victims:
            victim.kill()
        assert psutil.wait_procs([orphan, horse], timeout=5)[1] == [], "an orphan trains on"
        for job in jobs:
            site.until(job, status="queued", deadline_s=WITHIN_S)
        site.keep_workers(3)
        for job in jobs:
            assert site.ended(job) == "finished"
            assert site.digest(job) == undisturbed
        site.client.set(f"onehot:job:{busy.id}:cancel", 1)
        assert site.ended(busy) == "stopped"


FOLDED = {"epochs": EPOCHS // 4, "batch_size": 10, "folds": 3}


def test_a_killed_cross_validation_goes_on_in_the_fold_that_it_was_in(site: Any) -> None:
    """By the work-horse's or the worker's death, in a later fold: its scores and its version are the undisturbed."""
    site.keep_workers(2)
    calm = site.submit(fit=FOLDED)
    assert site.ended(calm) == "finished"
    wanted = site.store.manifest(site.model(calm), 1)
    assert wanted.cross_validation is not None
    rng = random.Random(4)
    for place in range(max(2, KILLS // 4)):
        job, fold = site.submit(fit=FOLDED), 2 + place % 2
        wait_for_fold(site, job, fold, epoch=rng.randrange(1, FOLDED["epochs"] // 2))
        (site.horse_of if place % 2 else site.worker_of)(job).kill()
        site.keep_workers(2)
        assert site.ended(job) == "finished"
        found = site.store.manifest(site.model(job), 1)
        assert (found.weights_sha256, found.cross_validation) == (wanted.weights_sha256, wanted.cross_validation)
        kept = re.findall(rf"job {job.id} has (\d) trainings of its cross-validation already", site.log.read_text())
        assert kept == [str(fold - 1)], "what had ended is not trained again"
        told = [(event.get("fold", {}).get("fold"), event["epoch"]) for event in site.events(job)[:-1]]
        assert told == [(place, epoch) for place in (1, 2, 3, None) for epoch in range(1, FOLDED["epochs"] + 1)]


def wait_for_fold(site: Any, job: Any, fold: int, *, epoch: int) -> None:
    """Wait until a training of a cross-validation has told this epoch."""

    def told() -> bool:
        return any(event.get("fold", {}).get("fold") == fold and event["epoch"] >= epoch for event in site.events(job))

    wait_for(told, deadline_s=WITHIN_S, says=f"{job.id} is in fold {fold}")


def test_an_attempt_that_was_given_up_ends_by_itself(site: Any, undisturbed: str, wait_for: Callable[..., Any]) -> None:
    """A worker that was cut off (here: stopped) for longer than its lease finds another attempt and says nothing."""
    site.keep_workers(2)
    job = site.submit()
    site.until(job, status="started", epoch=20)
    worker, horse, name = site.worker_of(job), site.horse_of(job), site.worker_name(job)
    for process in (worker, horse):
        process.send_signal(signal.SIGSTOP)
    try:
        wait_for(
            lambda: site.worker_name(job) not in (name, None), deadline_s=WITHIN_S, says="another worker takes the job"
        )
    finally:
        for process in (worker, horse):
            process.send_signal(signal.SIGCONT)
    assert psutil.wait_procs([horse], timeout=5)[1] == [], "two attempts train side by side"
    assert site.ended(job) == "finished"
    assert site.digest(job) == undisturbed
    assert worker.is_running()
    assert b"another attempt of this job has begun" in site.log.read_bytes()
