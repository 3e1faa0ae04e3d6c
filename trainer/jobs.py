"""The functions that a worker may run. The service enqueues them by name, with JSON arguments only."""

import os
from typing import Any

from rq import get_current_job

from models.errors import TrainingError
from models.queue.search_step import PUBLISH, START, TRIAL, SearchStep
from models.settings import read_settings
from models.spec import load_spec
from models.store.datasets import Datasets
from models.store.store import Store
from trainer.data.replaced_data import find_replaced_data
from trainer.launch.launch import launch, launch_trial
from trainer.queue.attempts import ATTEMPT_VARIABLE
from trainer.queue.job_progress import RedisProgress

__all__ = ["LISTED", "TRAININGS", "publish_winner", "start_search", "train", "train_trial"]

TRAININGS = frozenset({"trainer.jobs.train", TRIAL, PUBLISH})
"""Those that train: each leaves a record."""
LISTED = TRAININGS | {START}
"""All that a job may name: a client of Redis can ask for these, and for nothing else."""


def train(spec: dict[str, Any]) -> dict[str, Any]:
    """Train a spec and publish the version, as the current job.

    Args:
        spec: The spec as a plain document.

    Returns:
        `{"model", "version", "metrics", "gate"}`.

    Raises:
        OnehotError: As `trainer.training.train`.
    """
    return _train(spec, winner=None)


def publish_winner(spec: dict[str, Any], step: dict[str, Any]) -> dict[str, Any]:
    """Publish the winner of a search, from its last checkpoint, as the current job.

    Args:
        spec: The spec of its trial.
        step: As of `SearchStep.document`.

    Returns:
        As `train`.

    Raises:
        OnehotError: As `trainer.training.train`.
    """
    return _train(spec, winner=SearchStep.from_document(step))


def train_trial(spec: dict[str, Any], step: dict[str, Any]) -> dict[str, Any]:
    """Train a trial of a search up to its rung, as the current job.

    Args:
        spec: The spec of the trial.
        step: As of `SearchStep.document`.

    Returns:
        As `trainer.search.trial_training.train_trial`.

    Raises:
        OnehotError: As `trainer.search.trial_training.train_trial`.
    """
    observer = _observer()
    try:
        return launch_trial(
            load_spec(spec), SearchStep.from_document(step), settings=read_settings(os.environ), observer=observer
        )
    finally:
        observer.report()


def start_search(model: str, search: str) -> dict[str, Any]:
    """Do nothing: when it has ended, its search hears of it, and begins.

    Args:
        model: Whose search it is.
        search: Its id.

    Returns:
        `{"model", "search"}`.
    """
    return {"model": model, "search": search}


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
