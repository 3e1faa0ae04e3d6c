"""The observer of a training, which hears of its progress and can end it, and the ways in which it ends."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from models.errors import TrainingError
from models.store.manifest import finite

__all__ = [
    "Interruption",
    "NullObserver",
    "Progress",
    "Superseded",
    "TrainingCanceled",
    "TrainingObserver",
    "TrainingPaused",
    "TrainingTimedOut",
    "event_name",
]


OPTIONAL = frozenset({"stopped", "fold", "trained_before"})
"""What a document of progress has only where there is something to say."""


class Interruption(TrainingError):
    """The training is not to go on here; nothing is wrong with it."""


class TrainingCanceled(Interruption):
    """A client asked for the training to stop."""

    def __init__(self) -> None:
        super().__init__("the training was canceled")


class TrainingPaused(Interruption):
    """This process has to end; another one resumes the training."""

    def __init__(self) -> None:
        super().__init__("the worker was asked to stop: the training goes on with another one")


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
        stopped: Why this was the last epoch, where a callback stopped the training; empty otherwise.
        fold: Which training of a cross-validation it is: `repeat`, `repeats`, `fold`, `folds`; None of the version's.
        trained_before: Epochs of other trainings of the same job, before this one.
    """

    epoch: int
    epochs: int
    metrics: Mapping[str, float]
    eta_s: float
    stopped: str = ""
    fold: Mapping[str, int] | None = None
    trained_before: int = 0

    @property
    def number(self) -> int:
        """Which epoch of the whole job it is, from 1."""
        return self.trained_before + self.epoch

    @property
    def document(self) -> dict[str, Any]:
        """The progress as it goes into a job's meta, into events and onto a pipe."""
        document = {**asdict(self), "metrics": finite(self.metrics), "eta_s": round(self.eta_s, 3)}
        return {name: value for name, value in document.items() if value or name not in OPTIONAL}


def event_name(document: Mapping[str, Any]) -> str:
    """What an epoch's event is called, by its document: `epoch` of the version's own training, `fold` of others."""
    return "fold" if document.get("fold") else "epoch"


class TrainingObserver:
    """Notified of every epoch; asked often, and in the middle of long epochs, whether to go on.

    By itself it does nothing; a subclass overrides what it needs.
    """

    def on_epoch(self, progress: Progress) -> None:
        """Called at the end of each epoch."""

    def on_checkpoint(self) -> None:
        """Called before the first checkpoint of this training."""

    def on_facts(self, facts: Mapping[str, Any]) -> None:
        """Called with what the record of the run is to say, as soon as it is known: name → plain JSON value."""

    def check(self) -> None:
        """Go on, or raise an `Interruption` when the training is not to go on here."""

    def check_before_publishing(self) -> None:
        """The last `check`; after it the training is published, whatever is asked for then."""


class NullObserver(TrainingObserver):
    """An observer that lets every training run to its end."""
