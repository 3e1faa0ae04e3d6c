"""The devices that a training computes on: as many of its node's GPUs as the spec asks for, and none beside them.

A process claims its devices once, before the framework opens any. What it did not claim it does not open: a training
without GPUs leaves those of its node alone.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from typing import Any

import keras

from models.errors import TrainingError

__all__ = ["Devices", "TooFewGpus", "claim_devices"]

GPU = "gpu"


class TooFewGpus(TrainingError):
    """A training asks for more GPUs than there are where it runs."""

    def __init__(self, *, backend: str, expected: int, received: int) -> None:
        self.backend = backend
        self.expected = expected
        self.received = received
        super().__init__(
            f"resources.gpus: expected a worker on which {backend} finds {expected} "
            f"GPU{'s' if expected > 1 else ''}; received one with {received}"
        )


@dataclass(frozen=True, slots=True)
class Devices:
    """The devices of one training.

    Args:
        names: As the running backend names them, one for each replica of the network: `GPU:0`, `gpu:0`, `cuda:0`.
    """

    names: tuple[str, ...]

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Have everything inside computed on the first of them."""
        # Of the three, torch alone settles when Keras is imported what it computes on.
        with keras.device(self.names[0]) if keras.backend.backend() == "torch" else nullcontext():
            yield

    @contextmanager
    def replicating(self) -> Iterator[None]:
        """Give each network that is built and trained inside a replica on every one of them.

        A fresh session begins before it: `clear_session` inside would make tensorflow forget the strategy.
        """
        keras.utils.clear_session(free_memory=False)
        with SCOPES[keras.backend.backend()](self.names) if len(self.names) > 1 else nullcontext():
            yield


def claim_devices(gpus: int) -> Devices:
    """Take GPUs for this process, and have it leave the others alone.

    Args:
        gpus: As many as the spec asks for; 0 for a training on the CPU.

    Raises:
        TooFewGpus: When there are not so many.
    """
    backend = keras.backend.backend()
    present = PRESENT[backend](gpus)
    if present < gpus:
        raise TooFewGpus(backend=backend, expected=gpus, received=present)
    prefix = PREFIXES[backend]
    return Devices(tuple(f"{prefix}:{index}" for index in range(gpus)) or ("cpu:0",))


def _of_tensorflow(gpus: int) -> int:
    import tensorflow as tf  # noqa: PLC0415 -- other backends have no tensorflow

    present = tf.config.list_physical_devices("GPU")
    tf.config.set_visible_devices(present[:gpus], "GPU")
    return len(present)


def _of_jax(gpus: int) -> int:
    import jax  # noqa: PLC0415 -- other backends have no jax

    if not gpus:
        jax.config.update("jax_platforms", "cpu")
        return 0
    try:
        return len(jax.devices(GPU))
    except RuntimeError:  # that is how jax says that there is none
        return 0


def _of_torch(gpus: int) -> int:
    import torch  # noqa: PLC0415 -- other backends have no torch

    return torch.cuda.device_count() if gpus else 0


@cache
def _strategy(names: tuple[str, ...]) -> Any:
    """One strategy for each set of devices: two of them would take each other's messages for their own."""
    import tensorflow as tf  # noqa: PLC0415 -- other backends have no tensorflow

    return tf.distribute.MirroredStrategy(list(names))


PRESENT: Mapping[str, Callable[[int], int]] = {"tensorflow": _of_tensorflow, "jax": _of_jax, "torch": _of_torch}
"""Backend → hides the GPUs that a training does not need, and counts those of the node."""
PREFIXES: Mapping[str, str] = {"tensorflow": "GPU", "jax": GPU, "torch": "cuda"}
SCOPES: Mapping[str, Callable[[tuple[str, ...]], AbstractContextManager[Any]]] = {
    "tensorflow": lambda names: _strategy(names).scope(),
    "jax": lambda names: keras.distribution.DataParallel(devices=list(names)).scope(),
}
"""Backend → its way to keep replicas alike; torch has none in Keras, which `models.spec.rules` says at submission."""
