"""Preprocessing: the same few numpy lines behind training and behind serving.

A step is written in a spec, fitted on the training split, kept with its fitted values in the manifest, and applied
to every batch: `(batch, *instance shape)` in, float32 `(batch, *model shape)` out.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from models.errors import DataError, shown
from models.preprocessing.instances import Array, Feature
from models.preprocessing.sequences import PadSequences, are_ragged
from models.preprocessing.steps import (
    Astype,
    DateParts,
    Fill,
    OneHot,
    Rescale,
    Reshape,
    Resize,
    Standardize,
    Step,
    missing_cells,
    read_step,
)  # fmt: skip

__all__ = ["PADDING", "STEP_KINDS", "TABLE_STEPS", "Preprocessing", "StepSpec", "fit_batches", "fit_steps"]


TABLE_STEPS = frozenset({"fill", "date", "one_hot"})
"""Steps on rows of a table that may hold text and gaps, `fill` first: a gap is neither category nor date."""
STEP_KINDS: Mapping[str, str] = {"one_hot": "category", "date": "date"}
"""Step that makes several columns of one → the kind of the columns that it names."""
PADDING = "pad_sequences"
"""The step that makes sequences one length, before all others wherever it stands."""
ARRAY_STEPS = frozenset({"resize", "rescale", "standardize", "reshape"})
"""Steps on arrays of numbers, done in the spec's order after those of tables."""


@dataclass(frozen=True, slots=True)
class StepSpec:
    """One preprocessing step as a spec names it, its arguments checked."""

    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """Fitted steps in order."""

    steps: tuple[Step, ...]
    output_shape: tuple[int, ...]

    def apply(self, batch: Array) -> Array:
        """Make raw instances into what the network takes.

        Args:
            batch: `(batch, *instance shape)`, float32 or object.

        Returns:
            float32 `(batch, *output_shape)`, contiguous.

        Raises:
            InputError: For a category that was not seen in training.
        """
        for step in self.steps:
            batch = step.apply(batch)
        return np.ascontiguousarray(batch, dtype=np.float32)

    @property
    def resizes_images(self) -> bool:
        """Whether images of any size are taken, and brought to one when they are decoded."""
        return any(isinstance(step, Resize) for step in self.steps)

    @property
    def padding(self) -> PadSequences | None:
        """What makes sequences one length; None where that is no step."""
        first = self.steps[0] if self.steps else None
        return first if isinstance(first, PadSequences) else None

    def whole_rows(self, rows: Array) -> Array:
        """Raw rows of one shape: ragged ones padded, `(rows, maxlen, *values) float32`, all others as they are."""
        return rows if self.padding is None else self.padding.apply(rows)

    @property
    def document(self) -> list[dict[str, Any]]:
        """The fitted steps, for the manifest."""
        return [step.document for step in self.steps]

    @classmethod
    def from_document(cls, document: Sequence[Mapping[str, Any]], output_shape: Sequence[int]) -> Self:
        """Read back what a manifest holds."""
        return cls(tuple(read_step(entry) for entry in document), tuple(output_shape))


@dataclass(frozen=True, slots=True)
class _Fitting:
    """Where fitting stands: the steps so far, the batch after them, its columns' names."""

    steps: tuple[Step, ...]
    batch: Array
    names: tuple[str, ...]

    def then(self, step: Step) -> "_Fitting":
        names = step.widened(self.names) if isinstance(step, OneHot | DateParts) else self.names
        return _Fitting((*self.steps, step), step.apply(self.batch), tuple(names))


def fit_steps(steps: Sequence[StepSpec], batch: Array, *, features: Sequence[Feature] | None = None) -> Preprocessing:
    """Fit the steps of a spec on the training split.

    Args:
        steps: As the spec names them; `astype` is implied.
        batch: `(batch, *instance shape)` raw training instances, numbers or object.
        features: The columns, for `one_hot`.

    Raises:
        DataError: When a step does not fit the data.
    """
    fitting = _Fitting((), batch, tuple(feature.name for feature in features or ()))
    for step in steps:
        if step.name == PADDING:
            _check_sequences(batch, is_table=features is not None)
            fitting = fitting.then(PadSequences.fit(batch, step.arguments))
    table_steps = [step for step in steps if step.name in TABLE_STEPS]
    for step in sorted(table_steps, key=lambda step: step.name != "fill"):
        fitting = fitting.then(_fit_table_step(step, fitting))
    fitting = fitting.then(_checked_astype(fitting))
    for step in steps:
        if step.name in ARRAY_STEPS:
            fitting = fitting.then(_fit_step(step, fitting.batch, [fitting.batch]))
    return Preprocessing(fitting.steps, fitting.batch.shape[1:])


def fit_batches(steps: Sequence[StepSpec], batches: Callable[[], Iterable[Array]]) -> Preprocessing:
    """Fit the steps of a spec on a training split of numbers that is larger than memory.

    Args:
        steps: As the spec names them, without those of tables of text.
        batches: Called once for each step that is fitted; gives all raw training instances, batch by
            batch: `(batch, *instance shape)` numbers of any dtype.

    Raises:
        DataError: When a step does not fit the data.
    """
    first = next(iter(batches()))
    padding = [PadSequences.fit(first, step.arguments) for step in steps if step.name == PADDING]
    fitted = Preprocessing((*padding, Astype()), first.shape[1:])
    for step in steps:
        if step.name in ARRAY_STEPS:
            sample = fitted.apply(first)
            made = _fit_step(step, sample, map(fitted.apply, batches()))
            fitted = Preprocessing((*fitted.steps, made), made.apply(sample).shape[1:])
    return fitted


def _check_sequences(batch: Array, *, is_table: bool) -> None:
    if is_table or not (are_ragged(batch) or batch.ndim > 1):
        expected = "sequences: a column of lists, or an array with an axis of steps"
        received = "columns of a table" if is_table else f"shape {list(batch.shape)}"
        raise DataError(where="preprocessing.pad_sequences", expected=expected, received=received)


def _fit_resize(step: StepSpec, batch: Array) -> Resize:
    height, width = step.arguments["size"]
    if batch.ndim != 4 or batch.shape[1:3] != (height, width):
        received = f"instances of shape {list(batch.shape[1:])}"
        raise DataError(where="preprocessing.resize", expected="a folder of images", received=received)
    return Resize(height, width)


def _checked_astype(fitting: _Fitting) -> Astype:
    batch = fitting.batch
    if batch.dtype != object:
        return Astype()
    for column in range(batch.shape[1]):
        text = next((cell for cell in batch[:, column] if isinstance(cell, str)), None)
        name = fitting.names[column] if fitting.names else str(column)
        if text is not None:
            raise DataError(
                where=f"column {name!r}", expected="numbers, or a `one_hot` step for it", received=shown(text)
            )
        if missing_cells(batch[:, column]).any():
            raise DataError(where=f"column {name!r}", expected="no gaps, or a `fill` step", received="missing values")
    return Astype()


def _fit_table_step(step: StepSpec, fitting: _Fitting) -> Step:
    batch, names = fitting.batch, fitting.names
    if batch.ndim != 2:
        raise DataError(
            where=f"preprocessing.{step.name}", expected="rows of a table", received=f"shape {batch.shape[1:]}"
        )
    if step.name == "fill":
        return Fill.fit(batch, step.arguments["strategy"], step.arguments.get("value"))
    columns = tuple(step.arguments["columns"])
    for column in columns:
        if column not in names:
            expected = f"one of the columns {', '.join(names[:20])}" if names else "data with named columns"
            raise DataError(where=f"preprocessing.{step.name}.columns", expected=expected, received=shown(column))
    if step.name == "date":
        return DateParts.fit(columns, names)
    return OneHot.fit(batch, columns, names, unknown=step.arguments.get("unknown", "error"))


def _fit_step(step: StepSpec, batch: Array, batches: Iterable[Array]) -> Step:
    """Fit a step on all batches; its shape shows in the one."""
    if step.name == "rescale":
        return Rescale(step.arguments["scale"], step.arguments["offset"])
    if step.name == "standardize":
        return Standardize.fit(batches)
    if step.name == "resize":
        return _fit_resize(step, batch)
    shape = tuple(step.arguments["shape"])
    try:
        return Reshape(batch.reshape(len(batch), *shape).shape[1:])
    except ValueError as error:
        size = int(np.prod(batch.shape[1:]))
        raise DataError(
            where="preprocessing.reshape", expected=f"a shape of {size} values, as each instance has",
            received=str(list(shape)),
        ) from error  # fmt: skip
