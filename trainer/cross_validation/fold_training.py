"""The trainings of a cross-validation, one after the other; one that has ended is not trained again after a kill."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from models.spec import Spec
from trainer.cross_validation.fold_data import FoldData, Place
from trainer.cross_validation.fold_scores import FoldScore, summarize
from trainer.data.preparation import Prepared
from trainer.fit.checkpoints import Checkpointer
from trainer.fit.progress import Progress, TrainingObserver

__all__ = ["CrossValidated", "FoldObserver", "TrainFold", "cross_validate"]

TrainFold = Callable[[Spec, Prepared, TrainingObserver], tuple[dict[str, float], int]]
"""Trains a spec on data and measures its `held_out` rows: metrics, and how many epochs it took."""


@dataclass(frozen=True, slots=True)
class CrossValidated:
    """The outcome.

    Args:
        document: For report and record.
        epochs: How many epochs were trained.
    """

    document: dict[str, Any]
    epochs: int

    @property
    def summary(self) -> dict[str, Any]:
        """The outcome without the score of each training, for the manifest."""
        return {name: value for name, value in self.document.items() if name != "scores"}


class FoldObserver(TrainingObserver):
    """Says of every epoch which training it belongs to; what a record says of a run, folds do not tell.

    Args:
        observer: Notified of each epoch.
        trained_before: Epochs of the trainings before.
        place: Which training it is; None for that of the version.
    """

    def __init__(self, observer: TrainingObserver, trained_before: int, place: Place | None = None) -> None:
        self._observer = observer
        self._trained_before = trained_before
        self._place = place

    def on_epoch(self, progress: Progress) -> None:
        """Pass it on with its place."""
        place = None if self._place is None else self._place.document
        self._observer.on_epoch(replace(progress, fold=place, trained_before=self._trained_before))

    def on_checkpoint(self) -> None:
        """Pass it on."""
        self._observer.on_checkpoint()

    def on_facts(self, facts: Mapping[str, Any]) -> None:
        """Pass on what is told of the version."""
        if self._place is None:
            self._observer.on_facts(facts)

    def check(self) -> None:
        """As the observer decides."""
        self._observer.check()

    def check_before_publishing(self) -> None:
        """As the observer decides."""
        self._observer.check_before_publishing()


def cross_validate(
    spec: Spec, prepared: Prepared, *, train: TrainFold, observer: TrainingObserver, checkpointer: Checkpointer | None
) -> CrossValidated:
    """Train and measure every fold of every repeat.

    Args:
        spec: The spec.
        prepared: Its data; the held-out rows are not touched.
        train: Trains one.
        observer: Notified of each epoch.
        checkpointer: Keeps what has ended, where there is one.

    Raises:
        DataError: When the rows cannot be cut into folds, or a fold does not fit the others.
        Interruption: When the observer says so.
    """
    data = FoldData(spec, prepared)
    scores = [FoldScore(**one) for one in (checkpointer.finished() if checkpointer is not None else ())]
    for place in list(data.places())[len(scores) :]:
        observer.check()
        if checkpointer is not None:
            checkpointer.enter(f"repeat {place.repeat} fold {place.fold}")
        fold, before = data.at(place), sum(one.epochs for one in scores)
        told = FoldObserver(observer, before, place)
        metrics, epochs = train(replace(spec, seed=place.seed_of(spec.seed)), fold, told)
        scores.append(FoldScore.of(place, fold.test.rows, epochs, metrics))
        if checkpointer is not None:
            checkpointer.finish([one.document for one in scores])
    if checkpointer is not None:
        checkpointer.enter("")
    repeats, groups = spec.fit.repeats or 1, spec.data.groups
    document = summarize(scores, folds=spec.fit.folds, repeats=repeats, groups=groups)
    return CrossValidated(document, sum(one.epochs for one in scores))
