"""The functions that a worker may run. The service enqueues them by name, with JSON arguments only."""

import os
from typing import Any

from rq import get_current_job

from models.errors import OnehotError, TrainingError
from models.manifest import Manifest
from models.settings import read_settings
from models.spec import load_spec
from trainer.isolation import TrainingFailed
from trainer.journal import JobWatcher
from trainer.launch import launch
from trainer.watching import TrainingCancelled

__all__ = ["LISTED", "error_document", "result_of", "train"]

LISTED = frozenset({"trainer.jobs.train"})
"""All that a job may name: whoever can write to Redis can ask for these, and for nothing else."""

LONGEST_FOREIGN_MESSAGE = 300


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
    watcher = JobWatcher(job)
    if watcher.is_cancelled():
        raise TrainingCancelled
    manifest = launch(load_spec(spec), settings=read_settings(os.environ), job_id=job.id, watcher=watcher)
    return result_of(manifest)


def result_of(manifest: Manifest) -> dict[str, Any]:
    """What a finished training says: plain JSON values."""
    return {
        "model": manifest.model,
        "version": manifest.version,
        "metrics": dict(manifest.metrics),
        "gate": manifest.gate,
    }


def error_document(error: BaseException) -> dict[str, str]:
    """An error as its type and its message; of errors that are not ours the first line, and nothing of the inside."""
    kind = error.kind if isinstance(error, TrainingFailed) else type(error).__name__
    message = str(error)
    if not isinstance(error, OnehotError):
        message = message.strip().partition("\n")[0][:LONGEST_FOREIGN_MESSAGE]
    return {"type": kind, "message": message or kind}
