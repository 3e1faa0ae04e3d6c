"""Who looks on while a training runs, and how it is told to stop."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from models.errors import TrainingError
from models.manifest import finite

__all__ = ["Onlooker", "Progress", "TrainingCancelled", "TrainingTimedOut", "Watcher"]


class TrainingCancelled(TrainingError):
    """Somebody asked for the training to stop."""

    def __init__(self) -> None:
        super().__init__("the training was cancelled")


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


class Watcher(Protocol):
    """Hears of every epoch; asked often, and in the middle of long epochs, whether to go on."""

    def on_epoch(self, progress: Progress) -> None:
        """Note the end of an epoch."""

    def is_cancelled(self) -> bool:
        """Whether the training shall stop now."""


class Onlooker:
    """A watcher that lets everything pass."""

    def on_epoch(self, progress: Progress) -> None:
        """Do nothing."""

    def is_cancelled(self) -> bool:
        """Never."""
        return False


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
    def after(cls, timeout_s: float | None) -> "Deadline":
        """A deadline that counts from now."""
        return cls(timeout_s, time.monotonic())

    def check(self, *, epoch: int) -> None:
        """Raise when it is over.

        Raises:
            TrainingTimedOut: With the epoch that was under way.
        """
        if self.timeout_s is not None and time.monotonic() - self.started_s > self.timeout_s:
            raise TrainingTimedOut(timeout_s=self.timeout_s, epoch=epoch)
