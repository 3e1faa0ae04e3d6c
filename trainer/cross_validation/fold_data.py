"""The data of folds and repeats: made of the training and validation rows, never of the held-out ones."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from models.preprocessing.instances import Array
from models.sources.class_labels import Labels
from models.spec import Spec
from trainer.data import Dataset
from trainer.data.preparation import Piece, Prepared, prepare_parts
from trainer.data.splits import fold_rows, split_rows

__all__ = ["FoldData", "Place"]

SEEDS = 2**31


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Which of the trainings one is.

    Args:
        repeat: From 1; each has a seed of its own.
        repeats: How many there are.
        fold: From 1; 1 where there are none.
        folds: How many there are; 1 for none.
    """

    repeat: int
    repeats: int
    fold: int
    folds: int

    @property
    def document(self) -> dict[str, Any]:
        """The place as it goes into progress and records."""
        return asdict(self)

    def seed_of(self, seed: int) -> int:
        """The seed of this repeat, of a spec that has this one; the first repeat has the spec's own."""
        return (seed + self.repeat - 1) % SEEDS


@dataclass(frozen=True)
class FoldData:
    """The rows that folds are cut of.

    Args:
        spec: What is trained.
        prepared: As it is trained on for publishing.
    """

    spec: Spec
    prepared: Prepared

    def places(self) -> Iterator[Place]:
        """Every training, in order."""
        repeats, folds = self.spec.fit.repeats or 1, self.spec.fit.folds or 1
        for repeat in range(1, repeats + 1):
            for fold in range(1, folds + 1):
                yield Place(repeat, repeats, fold, folds)

    def at(self, place: Place) -> Prepared:
        """The data of one training: `held_out` is what it is measured on, fitted on its training rows alone.

        Without folds that is the validation part: the rows are those of the published version, the seed is another.
        """
        if self.spec.fit.folds is None:
            return replace(self.prepared, held_out=self.prepared.validation)
        raw, labels = self.rows
        folds = fold_rows(labels, folds=place.folds, seed=place.seed_of(self.spec.seed), groups=raw.groups)
        measured = folds[place.fold - 1]
        rest = np.setdiff1d(np.arange(raw.rows), measured)
        parts = {name: (raw.take(rows), labels.take(rows)) for name, rows in self._split(rest, place).items()}
        if isinstance(self.spec.data.validation, str) and self.prepared.validation is not None:
            parts["validation"] = (self.prepared.validation.raw, self.prepared.validation.labels)
        spec = replace(self.spec, input_shape=None)
        return prepare_parts(spec, self.prepared.head, {**parts, "test": (raw.take(measured), labels.take(measured))})

    @cached_property
    def rows(self) -> tuple[Dataset, Labels]:
        """All rows of the source that are not held out."""
        train, validation = self.prepared.train, self._own_validation
        if validation is None:
            return train.raw, train.labels
        values = np.concatenate([train.labels.values, validation.labels.values])
        return train.raw.joined(validation.raw), replace(train.labels, values=values)

    @property
    def _own_validation(self) -> Piece | None:
        """The validation part, where it is cut of the same source."""
        return None if isinstance(self.spec.data.validation, str) else self.prepared.validation

    def _split(self, rest: Array, place: Place) -> dict[str, Array]:
        """Of the rows of the other folds, the share that the spec validates its epochs with."""
        raw, labels = self.rows
        validation = self._own_validation
        if validation is None:
            return {"train": rest}
        split = split_rows(
            labels.take(rest), validation=validation.rows / raw.rows, test=0.0, seed=place.seed_of(self.spec.seed),
            groups=None if raw.groups is None else raw.groups[rest],
        )  # fmt: skip
        return {"train": rest[split.train], "validation": rest[split.validation]}
