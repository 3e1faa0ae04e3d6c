"""Where a training runs: in this process when its framework is the spec's or not loaded yet, else in a fresh one.

Keras' backend is chosen once, when Keras is imported; nothing here or above imports it before that.
"""

import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from models.errors import StoreUnavailable, TrainingError
from models.settings import Settings
from models.spec import Spec
from models.store.checkpoints import CheckpointShelf
from models.store.manifest import Manifest
from models.store.store import Store
from trainer.failures import is_final
from trainer.isolation import train_isolated
from trainer.watching import Watcher

__all__ = ["BackendMissing", "choose_backend", "forget_checkpoints", "is_installed", "launch", "training_module"]

ENVIRONMENT = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "1",
    "GRPC_VERBOSITY": "ERROR",
    "ABSL_MIN_LOG_LEVEL": "3",
    # A GPU's memory is taken as it is needed: two trainings may share one, and what is taken says what was needed.
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    # On a GPU, XLA would else measure which of its ways is the fastest, and sum in no order: one seed, other weights.
    "XLA_FLAGS": "--xla_gpu_exclude_nondeterministic_ops=true",
    # Keras asks torch for GPUs while it is imported. This way torch does not open one for the answer, after which no
    # forked work-horse could.
    "PYTORCH_NVML_BASED_CUDA_CHECK": "1",
}
"""What frameworks read when they are imported or open a device; what the environment says already counts more."""


class BackendMissing(TrainingError):
    """The spec names a backend that is not installed where it is trained."""

    def __init__(self, backend: str) -> None:
        self.backend = backend
        super().__init__(f"backend: expected one that this worker has; received {backend!r}, which is not installed")


def is_installed(backend: str) -> bool:
    """Whether a framework could be imported; it is not."""
    return importlib.util.find_spec(backend) is not None


def choose_backend(backend: str) -> bool:
    """Set the backend that Keras will import; whether that is, or can still become, `backend`."""
    if "keras" in sys.modules:
        return os.environ.get("KERAS_BACKEND") == backend
    os.environ["KERAS_BACKEND"] = backend
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    return True


def launch(spec: Spec, *, settings: Settings, job_id: str, watcher: Watcher, resumes: bool = True) -> Manifest:
    """Train a spec with its backend, here or in a fresh process; checkpoints go when nobody will need them.

    Args:
        spec: What to train.
        settings: Where store and data are.
        job_id: Whose version it is.
        watcher: Hears of each epoch.
        resumes: Whether an earlier attempt of the job is gone on from.

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
                spec, store=store, settings=settings, job_id=job_id, watcher=watcher, resumes=resumes
            )
        else:
            manifest = train_isolated(spec, store=store, job_id=job_id, watcher=watcher)
    except Exception as error:
        if is_final(error):
            forget_checkpoints(store, spec.model, job_id)
        raise
    forget_checkpoints(store, spec.model, job_id)
    return manifest


def forget_checkpoints(store: Store, model: str, job_id: str) -> bool:
    """Remove the checkpoints of a job that has ended; whether the store did so."""
    try:
        CheckpointShelf(store, model, job_id).remove()
    except StoreUnavailable:
        return False
    return True


def training_module() -> Any:
    """`trainer.training`, which imports Keras: the backend must have been chosen."""
    with _quiet_stderr():
        return importlib.import_module("trainer.training")


@contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Drop what is written to descriptor 2: tensorflow greets there while it is imported, whatever it was told."""
    sys.stderr.flush()
    saved, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(null)
