"""The queue's server goes away. OUTAGES=3,15,60 asks for the long form."""

import os
import time
from typing import Any

import pytest

OUTAGES_S = [int(one) for one in os.environ.get("OUTAGES", "3").split(",")]

pytestmark = pytest.mark.timeout(400)


def away(site: Any, seconds: float) -> None:
    """No server answers for so long; what was written down is there again after it."""
    site.stop_server()
    time.sleep(seconds)
    site.start_server()


@pytest.mark.parametrize("seconds", OUTAGES_S)
def test_a_training_outlives_an_outage(site: Any, undisturbed: str, seconds: int) -> None:
    """By the same attempt, without a try less; no epoch is told twice."""
    site.keep_workers(2)
    pids = [worker.pid for worker in site.workers]
    job = site.submit()
    site.until(job, epoch=50)
    away(site, seconds)
    assert site.ended(job) == "finished"
    assert site.digest(job) == undisturbed
    job.refresh()
    assert job.retries_left == 3
    assert [worker.pid for worker in site.workers if worker.poll() is None] == pids


@pytest.mark.parametrize("seconds", OUTAGES_S[:1])
def test_the_end_of_a_job_outlives_an_outage(site: Any, undisturbed: str, seconds: int) -> None:
    """The server goes when the last epochs are told: published once, and the job learns of it."""
    site.keep_workers(2)
    jobs = [site.submit(), site.submit()]
    for job in jobs:
        site.until(job, epoch=395)
    away(site, seconds)
    for job in jobs:
        assert site.ended(job) == "finished"
        assert site.digest(job) == undisturbed


def test_a_job_that_waits_outlives_an_outage(site: Any, undisturbed: str) -> None:
    """Idle workers come back by themselves."""
    site.keep_workers(2)
    away(site, 2)
    job = site.submit()
    assert site.ended(job) == "finished"
    assert site.digest(job) == undisturbed
