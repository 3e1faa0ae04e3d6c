"""The functions that a worker may run. The service enqueues them by name, with JSON arguments only."""

import os
from typing import Any

from rq import get_current_job

from models.errors import TrainingError
from models.settings import read_settings
from models.spec import load_spec
from models.store.datasets import Datasets
from models.store.store import Store
from trainer.data.replaced_data import find_replaced_data
from trainer.launch.launch import launch
from trainer.queue.attempts import ATTEMPT_VARIABLE
from trainer.queue.job_progress import RedisProgress

__all__ = ["LISTED", "train"]

LISTED = frozenset({"trainer.jobs.train"})
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
    job = get_current_job()
    if job is None:
        raise TrainingError("trainer.jobs.train: expected a job; received a call outside of a worker")
    observer = RedisProgress(job, os.environ.get(ATTEMPT_VARIABLE, ""))
    observer.check()
    settings, loaded = read_settings(os.environ), load_spec(spec)
    datasets = Datasets(Store.open(settings.store).objects)
    warnings = find_replaced_data(job.meta.get("data"), loaded, roots=settings.data_roots, datasets=datasets)
    try:
        manifest = launch(loaded, settings=settings, job_id=job.id, observer=observer, warnings=warnings)
    finally:
        observer.report()
    return manifest.summary
