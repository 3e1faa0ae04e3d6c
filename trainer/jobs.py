"""The functions that a worker may run. The service enqueues them by name, with JSON arguments only."""

import os
from typing import Any

from rq import get_current_job

from models.errors import TrainingError
from models.queue.search_step import SearchStep
from models.settings import read_settings
from models.spec import load_spec
from models.store.datasets import Datasets
from models.store.store import Store
from trainer.data.replaced_data import find_replaced_data
from trainer.launch.launch import launch, launch_trial
from trainer.queue.attempts import ATTEMPT_VARIABLE
from trainer.queue.job_progress import RedisProgress

__all__ = ["LISTED", "train"]

LISTED = frozenset({"trainer.jobs.train"})
"""All that a job may name: a client of Redis can ask for these, and for nothing else."""


def train(spec: dict[str, Any], step: dict[str, Any] | None = None) -> dict[str, Any]:
    """Train a spec and publish the version, as the current job; or do a step of a search.

    Args:
        spec: The spec as a plain document.
        step: As of `SearchStep.document`, where the job belongs to a search; empty where it only starts it: the search
            begins when the job has ended.

    Returns:
        `{"model", "version", "metrics", "gate"}`; of a trial, what `trainer.search.trial_training.train_trial` returns.

    Raises:
        OnehotError: As `trainer.training.train`.
    """
    if step is None:
        return _train(spec, winner=None)
    if not step:
        return {"model": spec["model"]}
    parsed = SearchStep.from_document(step)
    return _train(spec, winner=parsed) if parsed.epochs is None else _train_trial(spec, parsed)


def _train_trial(spec: dict[str, Any], step: SearchStep) -> dict[str, Any]:
    observer = _observer()
    try:
        return launch_trial(load_spec(spec), step, settings=read_settings(os.environ), observer=observer)
    finally:
        observer.report()


def _observer() -> RedisProgress:
    job = get_current_job()
    if job is None:
        raise TrainingError("trainer.jobs.train: expected a job; received a call outside of a worker")
    observer = RedisProgress(job, os.environ.get(ATTEMPT_VARIABLE, ""))
    observer.check()
    return observer


def _train(spec: dict[str, Any], *, winner: SearchStep | None) -> dict[str, Any]:
    observer = _observer()
    job = observer.job
    settings, loaded = read_settings(os.environ), load_spec(spec)
    datasets = Datasets(Store.open(settings.store).objects)
    warnings = find_replaced_data(job.meta.get("data"), loaded, roots=settings.data_roots, datasets=datasets)
    try:
        manifest = launch(
            loaded, settings=settings, job_id=job.id, observer=observer, warnings=warnings, winner=winner
        )  # fmt: skip
    finally:
        observer.report()
    return manifest.summary
