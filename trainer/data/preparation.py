"""From a spec to everything that fit needs: data read, split, encoded and preprocessed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from models.errors import DataError, InputError, Problem, SpecError, TrainingError, UnknownCategory
from models.preprocessing.instances import Array, InstanceSpec
from models.preprocessing.pipeline import PADDING, Preprocessing, fit_batches, fit_steps
from models.sources.class_labels import Labels, read_labels, read_more
from models.sources.known_sources import ending_of
from models.spec import DataSpec, Spec
from models.store.datasets import Datasets
from trainer.data import Dataset, load_dataset
from trainer.data.class_weights import row_weights
from trainer.data.head import Head, choose_head, task_of
from trainer.data.part import Part
from trainer.data.rows import batches, preprocessed
from trainer.data.sources import MOST_BYTES
from trainer.data.splits import split_rows
from trainer.data.target_scale import TargetScale

__all__ = ["Piece", "Prepared", "prepare", "prepare_parts"]

ARRAY_ENDINGS = (".npz", ".npy")

Load = Callable[..., Dataset]
"""`load_dataset` for a spec's steps; called with a `DataSpec`, and with `forms` where they are known."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One part of the split: raw, with its labels, and as Keras takes it."""

    raw: Dataset
    labels: Labels
    part: Part

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return self.raw.rows


@dataclass(frozen=True, slots=True)
class Prepared:
    """Data that is ready to be trained on.

    Args:
        head: What the network's output must be.
        preprocessing: Fitted on the training piece only.
        instance: What one raw instance looks like.
        sha256: Digest of the data.
        train: What fit sees.
        validation: What each epoch is validated with; None when there is nothing.
        held_out: What is held out; None where these rows are not to be seen.
        target_scale: Fitted on the training piece, where the spec standardizes the target; no piece is changed by it.
    """

    head: Head
    preprocessing: Preprocessing
    instance: InstanceSpec
    sha256: str
    train: Piece
    validation: Piece | None
    held_out: Piece | None
    target_scale: TargetScale | None = None

    @property
    def test(self) -> Piece:
        """What is held out.

        Raises:
            TrainingError: When these rows are not to be seen.
        """
        if self.held_out is None:
            raise TrainingError("the held-out rows were not read: a trial of a search never sees them")
        return self.held_out

    @property
    def pieces(self) -> dict[str, Piece]:
        """The pieces by name."""
        named = {"train": self.train, "validation": self.validation, "test": self.held_out}
        return {name: piece for name, piece in named.items() if piece is not None}

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes in the order of the network's outputs."""
        return self.train.labels.class_names


def prepare(
    spec: Spec, *, roots: tuple[str, ...], datasets: Datasets | None = None, most_bytes: int = MOST_BYTES,
    drops_test: bool = False,
) -> Prepared:  # fmt: skip
    """Read, split, encode and preprocess the data of a spec.

    Args:
        spec: The spec.
        roots: The folders that files may be read from.
        datasets: The uploaded data sets, for `dataset://`.
        most_bytes: What a compressed file may become.
        drops_test: Whether the held-out rows are dropped, and a source of their own is not even opened.

    Raises:
        DataError: When the data cannot be used.
        SpecError: When the spec does not fit the data.
    """
    load = partial(load_dataset, roots=roots, steps=spec.preprocessing, datasets=datasets, most_bytes=most_bytes)
    dataset = load(spec.data)
    task = task_of(spec)
    labels = _read_labels(dataset, spec, task)
    head = choose_head(spec, labels, task=task)
    return prepare_parts(spec, head, _split(spec, dataset, labels, load, drops_test=drops_test))


def prepare_parts(spec: Spec, head: Head, raw: Mapping[str, tuple[Dataset, Labels]]) -> Prepared:
    """Fit the preprocessing on the training rows of a split, and make every part as Keras takes it.

    Args:
        spec: The spec.
        head: What the network's output must be.
        raw: The parts `train`, `validation` and `test` by name, as far as there are any.

    Raises:
        DataError: When a part does not fit the training rows.
        SpecError: When the spec does not fit the data.
    """
    training, _ = raw["train"]
    preprocessing = _fit_preprocessing(spec, training)
    pieces = {name: _piece(name, *one, preprocessing, head) for name, one in raw.items() if one[0].rows}
    return Prepared(
        head, preprocessing, _instance(training, preprocessing),
        training.sha256, _weighted(pieces["train"], spec), pieces.get("validation"), pieces.get("test"),
        TargetScale.fit(pieces["train"].part.targets) if spec.standardizes_target else None,
    )  # fmt: skip


def _read_labels(dataset: Dataset, spec: Spec, task: str) -> Labels:
    class_names = spec.data.class_names or dataset.class_names
    where = f"{dataset.source}: target"
    return read_labels(dataset.targets, task, class_names, where=where, row_name=dataset.row_name)


def _split(
    spec: Spec, dataset: Dataset, labels: Labels, load: Load, *, drops_test: bool
) -> dict[str, tuple[Dataset, Labels]]:
    """The parts by name: rows of the data set, or other sources where the spec names them."""
    shares = {"validation": spec.data.validation, "test": spec.data.test}
    chosen_rows = _split_rows(spec, dataset, labels)
    if drops_test:
        del shares["test"], chosen_rows["test"]
    parts = {name: (dataset.take(chosen), labels.take(chosen)) for name, chosen in chosen_rows.items()}
    for name, source in shares.items():
        if isinstance(source, str):
            parts[name] = _other_source(spec, name, dataset, labels, load)
    return parts


def _split_rows(spec: Spec, dataset: Dataset, labels: Labels) -> dict[str, Array]:
    """The rows of each part; a data set's own test part stays what its authors made it, whatever share is asked for."""
    own = dataset.rows - dataset.own_test_rows
    validation, test = (share if isinstance(share, float) else 0.0 for share in (spec.data.validation, spec.data.test))
    split = split_rows(
        labels.take(np.arange(own)), validation=validation, test=0.0 if dataset.own_test_rows else test,
        seed=spec.seed, groups=None if dataset.groups is None else dataset.groups[:own],
    )  # fmt: skip
    held_out = np.arange(own, dataset.rows) if dataset.own_test_rows else split.test
    return {"train": split.train, "validation": split.validation, "test": held_out}


def _other_source(spec: Spec, name: str, first: Dataset, labels: Labels, load: Load) -> tuple[Dataset, Labels]:
    """The part `validation` or `test` that has a source of its own."""
    source = str(getattr(spec.data, name))
    try:
        other = load(_data_of_part(spec.data, source, first), forms=_forms(first))
    except DataError as error:
        where = f"data.{name}" if error.where == "data.source" else error.where
        where = where.removesuffix(": data.features").removesuffix(": data.target")
        raise DataError(where=where, expected=error.expected, received=error.received) from error
    unused = [name for name in other.unused if name != spec.data.groups]
    if unused and spec.data.features is None and first.columns is not None:
        expected = f"the columns of {first.source}, or `data.features`, which lists those to be used"
        raise DataError(where=source, expected=expected, received=f"the column {unused[0]!r} besides")
    is_padded = any(step.name == PADDING for step in spec.preprocessing)
    if other.instance_shape != first.instance_shape and not is_padded:
        expected = f"instances of shape {list(first.instance_shape)}, as in {first.source}"
        raise DataError(where=source, expected=expected, received=f"shape {list(other.instance_shape)}")
    return other, read_more(other.targets, labels, where=f"{source}: target", row_name=other.row_name)


def _forms(first: Dataset) -> dict[str, str] | None:
    """What the columns of the first source have told; None where it has none."""
    if first.columns is None:
        return None
    return {column.name: column.form for column in first.columns if column.form is not None}


def _data_of_part(data: DataSpec, source: str, first: Dataset) -> DataSpec:
    """The `data` of another source, whose columns are found by the names that those of the first have."""
    data = replace(data, groups=None)  # they say how the first source is split
    if first.columns is None or ending_of(source) in ARRAY_ENDINGS:
        return replace(data, source=source)
    features = tuple(column.name for column in first.columns)
    return replace(data, source=source, features=features, target=first.target or data.target)


def _instance(training: Dataset, preprocessing: Preprocessing) -> InstanceSpec:
    """One raw instance; a sequence has the shape that padding gives it."""
    shape = preprocessing.whole_rows(training.features[:1]).shape[1:]
    return InstanceSpec(shape, training.columns, preprocessing.output_shape, padding=preprocessing.padding)


def _fit_preprocessing(spec: Spec, training: Dataset) -> Preprocessing:
    features = training.features
    if isinstance(features, np.ndarray):
        fitted = fit_steps(spec.preprocessing, features, features=training.columns)
    else:
        fitted = fit_batches(spec.preprocessing, lambda: batches(features))
    if spec.input_shape is not None and spec.input_shape != fitted.output_shape:
        expected = f"{list(fitted.output_shape)}, as data and preprocessing give"
        raise SpecError([Problem("input_shape", expected, str(list(spec.input_shape)))])
    return fitted


def _piece(name: str, raw: Dataset, labels: Labels, preprocessing: Preprocessing, head: Head) -> Piece:
    try:
        inputs = preprocessed(raw.features, preprocessing)
    except UnknownCategory as error:
        raise _unseen_category(name, raw, error) from error
    except InputError as error:
        where = f"{raw.source} ({name} part): {error.where}"
        raise DataError(where=where, expected=error.expected, received=error.received) from error
    return Piece(raw, labels, Part(inputs, head.targets(labels)))


def _unseen_category(name: str, raw: Dataset, error: UnknownCategory) -> DataError:
    """A category that only this part has: where it stands first, how many rows have it, and the way on."""
    names = [column.name for column in raw.columns or ()]
    same = sum(cell == error.category for cell in raw.features[:][:, names.index(error.column)])
    return DataError(
        where=f"{raw.source}: column {error.column!r}, {raw.row_name(error.row)}",
        expected=f"a category of the training rows, or `one_hot: {{columns: [{error.column}], unknown: other}}`",
        received=f"{error.category!r}, which only the {name} part has ({same} of its {raw.rows} rows)",
    )


def _weighted(piece: Piece, spec: Spec) -> Piece:
    weights = row_weights(spec.fit.class_weight, piece.labels)
    return Piece(piece.raw, piece.labels, Part(piece.part.inputs, piece.part.targets, weights))
