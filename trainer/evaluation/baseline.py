"""What is reached without a network: the majority class and a linear model, on the same held-out rows."""

import warnings
from dataclasses import asdict, dataclass
from math import prod
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from models.preprocessing.instances import Array
from models.sources.class_labels import Labels
from models.spec.head import REGRESSION
from trainer.data.head import Head
from trainer.data.preparation import Piece, Prepared
from trainer.data.rows import batches, take_rows

__all__ = ["Baseline", "Linear", "compare", "find_warnings", "score"]

ACCURACY, BALANCED, LABELS, SQUARES = "accuracy", "balanced_accuracy", "binary_accuracy", "mean_squared_error"
MOST_ROWS = 5000
MOST_WORK = 2 * 10**7
"""Rows × features × outputs that a linear model is fitted on: a few seconds."""
FEWEST_ROWS = 20
ITERATIONS = 100
SHOWN_CLASSES = 10


@dataclass(frozen=True, slots=True)
class Linear:
    """A linear model.

    Args:
        method: Its name.
        value: What it reaches on the held-out rows.
        rows: How many training rows it was fitted on.
    """

    method: str
    value: float
    rows: int


@dataclass(frozen=True, slots=True)
class Baseline:
    """The network beside what needs none.

    Args:
        metric: What is compared; less is better of `mean_squared_error`, more of the others.
        model: The network's.
        majority: Of always the same answer: the most frequent class of the training rows, or their mean.
        answer: That class; None where it is no class.
        linear: Of a linear model; None where it would take long.
    """

    metric: str
    model: float
    majority: float
    answer: str | None
    linear: Linear | None = None

    @property
    def document(self) -> dict[str, Any]:
        """The comparison for the report."""
        return asdict(self)

    @property
    def is_beaten(self) -> bool:
        """Whether the network is better than always the same answer."""
        return self.model < self.majority if self.metric == SQUARES else self.model > self.majority


def compare(prepared: Prepared, predictions: Array, *, is_weighted: bool) -> Baseline:
    """Compare a network with its baselines.

    Args:
        prepared: The data.
        predictions: The network's, of the held-out rows: `(rows, outputs) float32`.
        is_weighted: Whether classes were weighted: then each counts alike here, too.
    """
    head, train, test = prepared.head, prepared.train, prepared.test
    metric = _metric(head, test.labels, is_weighted=is_weighted)
    constant, answer = _constant(train.labels)
    return Baseline(
        metric,
        score(metric, test.labels, _answers(head, test.labels, predictions)),
        score(metric, test.labels, np.broadcast_to(constant, test.labels.values.shape)),
        answer,
        _linear(metric, train, test, is_weighted=is_weighted),
    )


def _metric(head: Head, labels: Labels, *, is_weighted: bool) -> str:
    if head.task == REGRESSION:
        return SQUARES
    if not labels.are_classes:
        return LABELS
    return BALANCED if is_weighted else ACCURACY


def _answers(head: Head, labels: Labels, predictions: Array) -> Array:
    """Predictions in the form of the labels: classes, yes or no, numbers."""
    if labels.are_classes:
        return head.predicted_classes(predictions)
    return predictions if head.task == REGRESSION else head.taken(predictions)


def _constant(labels: Labels) -> tuple[Array, str | None]:
    """The best answer that is always the same, and its name where it is a class."""
    if labels.are_classes:
        most = np.bincount(labels.values, minlength=len(labels.class_names)).argmax()
        return np.asarray(most), labels.class_names[int(most)]
    mean = labels.values.mean(axis=0, dtype=np.float64)
    return (mean > 0.5 if labels.class_names else mean), None


def score(metric: str, labels: Labels, answers: Array) -> float:
    """A metric of answers in the form of the labels.

    Args:
        metric: One of those that `Baseline` names.
        labels: The held-out rows' labels.
        answers: `(rows,) int` classes, else `(rows, outputs) float32`.
    """
    if metric == SQUARES:
        return float(((answers - labels.values) ** 2).mean(dtype=np.float64))
    right = answers == (labels.values if labels.are_classes else labels.values > 0.5)
    if metric != BALANCED:
        return float(right.mean())
    return float(np.mean([right[labels.values == one].mean() for one in np.unique(labels.values)]))


def _linear(metric: str, train: Piece, test: Piece, *, is_weighted: bool) -> Linear | None:
    """A linear model on some of the training rows; None for rows of labels, and where it would take long."""
    labels = train.labels
    outputs = len(labels.class_names) if labels.are_classes else labels.values.shape[1]
    size = prod(train.part.inputs.shape[1:]) * max(outputs, 1)
    rows = min(train.rows, MOST_ROWS, MOST_WORK // max(size, 1))
    if metric == LABELS or rows < FEWEST_ROWS:
        return None
    chosen = np.sort(np.random.default_rng(0).permutation(train.rows)[:rows])
    targets = labels.values[chosen]
    if labels.are_classes and len(np.unique(targets)) < 2:
        return None
    method = LogisticRegression(max_iter=ITERATIONS, class_weight="balanced" if is_weighted else None)
    model = make_pipeline(StandardScaler(), method if labels.are_classes else Ridge())
    with warnings.catch_warnings(action="ignore"):  # of rows that are not separated after so many iterations
        model.fit(_flat(np.asarray(take_rows(train.part.inputs, chosen)[:])), targets)
        answers = np.concatenate([model.predict(_flat(some)) for some in batches(test.part.inputs)])
    name = "logistic regression" if labels.are_classes else "ridge regression"
    return Linear(name, score(metric, test.labels, answers.reshape(test.labels.values.shape)), rows)


def _flat(inputs: Array) -> Array:
    return inputs.reshape(len(inputs), -1)


def find_warnings(baseline: Baseline | None, recalls: dict[str, tuple[float, int]]) -> tuple[str, ...]:
    """What a person should be told of a version before it is used.

    Args:
        baseline: The comparison; None where there is none.
        recalls: Class → its recall on the held-out rows, and how many it has there.
    """
    found = []
    if baseline is not None and not baseline.is_beaten:
        same = f"the majority class {baseline.answer}" if baseline.answer is not None else "always the same answer"
        found.append(
            f"not better than {same}: test {baseline.metric} {baseline.model:.4f}, "
            f"{baseline.majority:.4f} without any network"
        )
    missed = [f"{name} ({rows} rows)" for name, (recall, rows) in recalls.items() if rows and not recall]
    if missed:
        more = ", …" if len(missed) > SHOWN_CLASSES else ""
        found.append(f"never predicted rightly (recall 0): {', '.join(missed[:SHOWN_CLASSES])}{more}")
    return tuple(found)
