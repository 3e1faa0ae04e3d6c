"""Who looks on while a training runs, and how it is told to stop."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from models.errors import TrainingError
from models.store.manifest import finite

__all__ = [
    "Deadline",
    "Interruption",
    "NullObserver",
    "Progress",
    "Superseded",
    "TrainingCancelled",
    "TrainingObserver",
    "TrainingPaused",
    "TrainingTimedOut",
]


class Interruption(TrainingError):
    """The training is not to go on here; nothing is wrong with it."""


class TrainingCancelled(Interruption):
    """Somebody asked for the training to stop."""

    def __init__(self) -> None:
        super().__init__("the training was cancelled")


class TrainingPaused(Interruption):
    """This process has to end; the training goes on elsewhere, where it was."""

    def __init__(self) -> None:
        super().__init__("the worker was told to stop: the training goes on with another one")


class Superseded(Interruption):
    """Another attempt of the same job runs: this one has nothing to say any more."""

    def __init__(self) -> None:
        super().__init__("another attempt of this job has begun")


class TrainingTimedOut(TrainingError):
    """The training took longer than its spec allows."""

    def __init__(self, *, timeout_s: float, epoch: int) -> None:
        self.timeout_s = timeout_s
        self.epoch = epoch
        super().__init__(f"expected at most {timeout_s:g} s (fit.timeout_s); received more, in epoch {epoch}")


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a training stands at the end of an epoch.

    Args:
        epoch: How many epochs are done.
        epochs: How many there are at most.
        metrics: Name → value; those of validation begin with `val_`.
        eta_s: Seconds that the rest will take at most.
    """

    epoch: int
    epochs: int
    metrics: Mapping[str, float]
    eta_s: float

    @property
    def document(self) -> dict[str, Any]:
        """The progress as it goes into a job's meta, into events and onto a pipe."""
        return {
            "epoch": self.epoch,
            "epochs": self.epochs,
            "metrics": finite(self.metrics),
            "eta_s": round(self.eta_s, 3),
        }


class TrainingObserver(Protocol):
    """Hears of every epoch; asked often, and in the middle of long epochs, whether to go on."""

    def on_epoch(self, progress: Progress) -> None:
        """Note the end of an epoch."""

    def on_checkpoint(self) -> None:
        """Note that there will be a checkpoint of this training."""

    def check(self) -> None:
        """Go on, or raise.

        Raises:
            Interruption: One of its kinds, when the training is not to go on here.
        """

    def check_before_publishing(self) -> None:
        """The last `check`; after it the training is published, whatever is asked for then.

        Raises:
            Interruption: As `check`.
        """


class NullObserver:
    """A watcher that lets everything pass."""

    def on_epoch(self, progress: Progress) -> None:
        """Do nothing."""

    def on_checkpoint(self) -> None:
        """Do nothing."""

    def check(self) -> None:
        """Do nothing."""

    def check_before_publishing(self) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a training has to be over.

    Args:
        timeout_s: Seconds from `started_s`; None for no limit.
        started_s: A reading of `time.monotonic`.
    """

    timeout_s: float | None
    started_s: float

    @classmethod
    def after(cls, timeout_s: float | None, *, spent_s: float = 0.0) -> "Deadline":
        """A deadline that counts from now, or for as long earlier as earlier attempts took."""
        return cls(timeout_s, time.monotonic() - spent_s)

    def check(self, *, epoch: int) -> None:
        """Raise when it is over.

        Raises:
            TrainingTimedOut: With the epoch that was under way.
        """
        if self.timeout_s is not None and time.monotonic() - self.started_s > self.timeout_s:
            raise TrainingTimedOut(timeout_s=self.timeout_s, epoch=epoch)
