"""Which Keras backend this process runs; Keras chooses it once, when it is imported."""

import importlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from models.errors import TrainingError

__all__ = ["ENVIRONMENT", "BackendMissing", "choose_backend", "import_keras", "is_installed", "quiet_stderr"]

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
    if not _has_home():  # else Keras makes a folder called ~
        os.environ.setdefault("KERAS_HOME", str(Path(tempfile.gettempdir()) / "keras"))
    return True


def _has_home() -> bool:
    try:
        Path.home()
    except RuntimeError:
        return False
    return True


def import_keras(backend: str) -> None:
    """Choose the backend and import Keras with it, or raise `BackendMissing`."""
    if not is_installed(backend):
        raise BackendMissing(backend)
    choose_backend(backend)
    with quiet_stderr():
        importlib.import_module("keras")


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Drop what is written to descriptor 2: tensorflow greets there while it is imported, whatever it is asked."""
    sys.stderr.flush()
    saved, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(null)
