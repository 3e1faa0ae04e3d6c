"""A month of jobs in a queue of bounded memory, beside a training that runs throughout: it is never full.

The jobs are submitted, taken, trained (150 epochs are reported, no network is computed), ended and recorded by the code
that does so in production, with the times to live that it has there. Time is what is played: after every six hours of
jobs each key is made six hours older; keys that live for less than ten minutes, such as leases, age by themselves.
By default one job stands for 400: one every four hours, in a 400th of 384 MiB. MONTH=100 plays the whole month, 100
jobs an hour in 384 MiB; MONTH=100 MONTH_DAYS=3 its first three days.
"""

import os
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from redis import Redis
from rq.serializers import JSONSerializer
from rq.timeouts import BaseDeathPenalty

from models.errors import DataError
from models.queue.events import events_key
from models.queue.names import UNRECORDED
from models.spec import load_spec
from service.jobs.server_state import read_server_state
from service.jobs.training_queue import Jobs
from trainer import jobs as trainer_jobs
from trainer.fit.progress import Progress
from trainer.worker.allowed_jobs import ListedJob
from trainer.worker.reliable_queue import ReliableQueue
from trainer.worker.training_worker import TrainingWorker

JOBS_AN_HOUR = float(os.environ.get("MONTH", "0.25"))
DAYS = int(os.environ.get("MONTH_DAYS", "30"))
WHOLE_MIB, WHOLE_RATE = 384, 100
STEP_H = 6
OF_RUNNING = 2**19
"""Room for the events of the job that runs beside: its newest thousand, however short the month is."""
EPOCHS = 150
FAILED = 0.1
LONG = {"epochs": 1_000_000, "batch_size": 1}
METRICS = ("loss", "accuracy", "val_loss", "val_accuracy")

AGE = """
local aged_ms, cursor = tonumber(ARGV[1]), '0'
repeat
  local page = redis.call('SCAN', cursor, 'COUNT', 1000)
  cursor = page[1]
  for _, key in ipairs(page[2]) do
    local left_ms = redis.call('PTTL', key)
    if left_ms > 600000 then
      if left_ms <= aged_ms then redis.call('DEL', key) else redis.call('PEXPIRE', key, left_ms - aged_ms) end
    end
  end
until cursor == '0'
for _, key in ipairs(KEYS) do
  for _, member in ipairs(redis.call('ZRANGE', key, 0, -1)) do
    redis.call('ZINCRBY', key, -aged_ms / 1000, member)
  end
end
"""
"""KEYS: sorted sets of jobs by the time when they are forgotten. ARGV: how much older everything gets, in ms."""

pytestmark = pytest.mark.timeout(7200)


class NoLimit(BaseDeathPenalty):
    """No limit of time: RQ's would take the signal of this test's."""

    def setup_death_penalty(self) -> None:
        """Do nothing."""

    def cancel_death_penalty(self) -> None:
        """Do nothing."""


class Month:
    """Plays jobs on the queue for GPUs, which no worker of the site listens to."""

    def __init__(self, client: Redis) -> None:
        self.client = client
        self.service = Jobs(client)
        self.worker = TrainingWorker(["train-gpu"], client)
        self.worker.death_penalty_class = NoLimit
        self.worker.register_birth()
        self.queue = ReliableQueue("train-gpu", connection=client, job_class=ListedJob, serializer=JSONSerializer)
        self.played = 0

    def play_job(self) -> None:
        """One job, from its submission to its end."""
        number, self.played = self.played, self.played + 1
        self.service.submit(spec_of(number % 40))
        taken = ReliableQueue.dequeue_any(
            [self.queue], None, connection=self.client, job_class=ListedJob, serializer=JSONSerializer
        )
        assert taken is not None
        job, queue = taken
        execution = self.worker.prepare_execution(job)
        self.worker.perform_job(job, queue, execution)
        self.worker.executions.clear()

    def pass_time(self, hours: float) -> None:
        """Make everything older, and have forgotten what is due."""
        registries = self.queue.finished_job_registry, self.queue.failed_job_registry
        self.client.eval(AGE, len(registries), *(one.key for one in registries), int(hours * 3600 * 1000))
        for registry in registries:
            registry.cleanup()

    def memory_bytes(self, running: Any) -> int:
        """What counts against the limit, without the events of the job that runs beside."""
        of_running = self.client.memory_usage(events_key(running.id), samples=0) or 0
        return (read_server_state(self.service).memory_bytes or 0) - of_running


@cache
def spec_of(number: int) -> Any:
    """A spec as people send it, each a little different."""
    return load_spec(
        {
            "model": f"model-{number}",
            "seed": number,
            "data": {"source": "sklearn://digits", "validation": 0.15, "test": 0.15},
            "preprocessing": [{"rescale": {"scale": 0.0625}}, {"reshape": [8, 8, 1]}],
            "layers": [
                {"Conv2D": {"filters": 32, "kernel_size": 3, "activation": "relu"}}, "MaxPooling2D", "Flatten",
                {"Dropout": {"rate": 0.5}}, {"Dense": {"units": 10, "activation": "softmax"}},
            ],
            "compile": {
                "optimizer": {"Adam": {"learning_rate": 0.001}}, "loss": "categorical_crossentropy",
                "metrics": ["accuracy"],
            },
            "fit": {"epochs": EPOCHS, "batch_size": 64},
            "resources": {"gpus": 1},
            "gate": {"metric": "accuracy", "minimum": 0.9},
        }
    )  # fmt: skip


def launch(spec: Any, *, observer: Any, job_id: str, **_: Any) -> Any:
    """Stands for a training: reports its epochs, the most of them in one go, then fails or publishes."""
    observer.on_epoch(progress_of(1))
    observer.job.connection.rpush(events_key(job_id), *REST)
    observer.on_epoch(progress_of(EPOCHS))
    if spec.seed % int(1 / FAILED) == 0:
        raise DataError(where="data.source", expected="a file", received="nothing")
    observer.check_before_publishing()
    checks = [{"rule": "minimum", "expected": 0.9, "received": 0.98, "holds": True, "note": None}]
    gate = {"metric": "accuracy", "holds": True, "checks": checks}
    metrics = {"loss": 0.06141592653589793, "accuracy": 0.9851851851851852}
    return SimpleNamespace(summary={"model": spec.model, "version": spec.seed + 1, "metrics": metrics, "gate": gate})


def progress_of(epoch: int) -> Progress:
    return Progress(epoch, EPOCHS, {name: 1 / (epoch + place) for place, name in enumerate(METRICS, 3)}, 12.345)


REST = [JSONSerializer.dumps({"event": "epoch", **progress_of(epoch).document}) for epoch in range(2, EPOCHS)]
"""The events between the first and the last."""


@pytest.fixture
def month(site: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Month]:
    """On the site's queue, within its share of the memory."""
    monkeypatch.setattr(trainer_jobs, "launch", launch)
    monkeypatch.setenv("ONEHOT_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("RQ_EXECUTION_ID", "")
    client = Redis(port=site.port, password="secret")
    month = Month(client)
    yield month
    client.config_set("maxmemory", 0)
    month.worker.register_death()
    client.close()


def test_a_month_of_jobs_does_not_fill_the_queue(site: Any, month: Month, tmp_path: Path) -> None:
    """Half of it is never used, jobs end and are recorded, and the long training is the attempt that it was."""
    site.keep_workers(1)
    running = site.submit(fit=LONG)
    site.until(running, status="started", epoch=10)
    pids = [worker.pid for worker in site.workers]
    month.play_job()
    month.client.config_set("maxmemory-policy", "noeviction")
    base, limit = month.memory_bytes(running), int(WHOLE_MIB * 2**20 * JOBS_AN_HOUR / WHOLE_RATE)
    month.client.config_set("maxmemory", base + limit + OF_RUNNING)
    peaks, started_s = [], time.monotonic()
    for step in range(1, DAYS * 24 // STEP_H + 1):
        while month.played < step * STEP_H * JOBS_AN_HOUR:
            month.play_job()
        peaks.append(month.memory_bytes(running) - base)
        month.pass_time(STEP_H)
    share = max(peaks) / limit
    print(
        f"\n{month.played} jobs, {DAYS} days at {JOBS_AN_HOUR:g} an hour, {time.monotonic() - started_s:.0f} s: peak "
        f"{max(peaks) / 2**20:.2f} MiB of {limit / 2**20:.2f} MiB ({share:.0%}), at the end {peaks[-1] / 2**20:.2f}"
    )
    assert share < 0.5
    records = list((tmp_path / "store").glob("*/runs/*.json"))
    assert len(records) == month.played
    assert month.client.scard(UNRECORDED) == 1
    reached = site.epoch(running)
    site.until(running, status="started", epoch=reached + 10)
    running.refresh()
    assert running.retries_left == 3
    assert [worker.pid for worker in site.workers if worker.poll() is None] == pids
    Jobs(site.client).cancel(running.id)
    assert site.ended(running) == "stopped"
