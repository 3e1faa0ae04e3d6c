"""Where a training runs: in this process when its framework is the spec's or not loaded yet, else in a fresh one.

Keras' backend is chosen once, when Keras is imported; nothing here or above imports it before that.
"""

import importlib
import importlib.util
from typing import Any

from models.errors import StoreUnavailable
from models.queue.search_step import SearchStep
from models.settings import Settings
from models.spec import Spec
from models.store.checkpoints import JobCheckpoints
from models.store.manifest import Manifest
from models.store.store import Store
from trainer.backends.choice import BackendMissing, choose_backend, is_installed, quiet_stderr
from trainer.fit.progress import TrainingObserver
from trainer.launch.failures import is_final
from trainer.launch.subprocess_training import train_in_subprocess, train_trial_in_subprocess

__all__ = ["launch", "launch_trial", "remove_checkpoints", "training_module", "trial_module"]


def launch(  # noqa: PLR0913 -- each is one thing that a training depends on
    spec: Spec, *, settings: Settings, job_id: str, observer: TrainingObserver, resumes: bool = True,
    warnings: tuple[str, ...] = (), winner: SearchStep | None = None,
) -> Manifest:  # fmt: skip
    """Train a spec with its backend, here or in a fresh process; checkpoints go when no attempt will need them.

    `warnings` are kept with the version; a `winner` of a search goes on from its trial's last checkpoint.

    Raises:
        BackendMissing: When this environment does not have the backend.
        OnehotError: As `trainer.training.train`.
    """
    if not is_installed(spec.backend):
        raise BackendMissing(spec.backend)
    store = Store.open(settings.store)
    try:
        if choose_backend(spec.backend):
            manifest: Manifest = training_module().train(
                spec, store=store, settings=settings, job_id=job_id, observer=observer, resumes=resumes,
                warnings=warnings, winner=winner,
            )  # fmt: skip
        else:
            manifest = train_in_subprocess(
                spec, store=store, job_id=job_id, observer=observer, warnings=warnings, winner=winner
            )
    except Exception as error:
        if is_final(error):
            remove_checkpoints(store, spec.model, job_id)
        raise
    remove_checkpoints(store, spec.model, job_id)
    return manifest


def launch_trial(
    spec: Spec, step: SearchStep, *, settings: Settings, observer: TrainingObserver
) -> dict[str, Any]:  # fmt: skip
    """Train a trial of a search with its backend, here or in a fresh process; its checkpoints stay.

    Returns:
        As `trainer.search.trial_training.train_trial`.

    Raises:
        BackendMissing: When this environment does not have the backend.
        OnehotError: As `trainer.search.trial_training.train_trial`.
    """
    if not is_installed(spec.backend):
        raise BackendMissing(spec.backend)
    if not choose_backend(spec.backend):
        return train_trial_in_subprocess(spec, step, observer=observer)
    store = Store.open(settings.store)
    result: dict[str, Any] = trial_module().train_trial(spec, step, store=store, settings=settings, observer=observer)
    return result


def remove_checkpoints(store: Store, model: str, job_id: str) -> bool:
    """Remove the checkpoints of a job that has ended; whether the store did so."""
    try:
        JobCheckpoints(store, model, job_id).remove()
    except StoreUnavailable:
        return False
    return True


def training_module() -> Any:
    """`trainer.training`, which imports Keras: the backend must have been chosen."""
    with quiet_stderr():
        return importlib.import_module("trainer.training")


def trial_module() -> Any:
    """`trainer.search.trial_training`, likewise."""
    training_module()
    return importlib.import_module("trainer.search.trial_training")
