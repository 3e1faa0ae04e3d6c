"""The end of a network meets the data: which targets it is trained on, and what its metrics mean."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.class_ranking import Threshold, are_taken
from models.errors import Problem, SpecError
from models.keras_catalog.objects import ObjectSpec
from models.preprocessing.instances import Array
from models.sources.class_labels import Labels, to_one_hot
from models.spec import Spec
from models.spec.head import REGRESSION, SIGMOID, find_head
from models.spec.head import Head as SpecHead
from models.spec.keras_metrics import metric_for

__all__ = ["Head", "check_output", "choose_head", "task_of"]


@dataclass(frozen=True, slots=True)
class Head(SpecHead):
    """The head of a network, and the data it is trained on.

    Args:
        exclusive: Whether each row belongs to exactly one class.
        threshold: Above it the second of two classes, or a label, holds.
    """

    exclusive: bool = True
    threshold: Threshold = None

    def targets(self, labels: Labels) -> Array:
        """What fit gets: `(rows, 1)` class indices or `(rows, units)`, float32."""
        if self.sparse or self.task == SIGMOID:
            return labels.values.reshape(-1, 1).astype(np.float32)
        return to_one_hot(labels.values, self.units) if labels.are_classes else labels.values

    def predicted_classes(self, predictions: Array) -> Array:
        """The class of each row, for tasks with one class a row: `(rows, units) float32` → `(rows,) int64`."""
        return self.taken(predictions)[:, 0].astype(np.int64) if self.task == SIGMOID else predictions.argmax(axis=1)

    def taken(self, predictions: Array) -> Array:
        """Which outputs say yes, of one sigmoid unit or of several labels: `(rows, units)` float32 → bool."""
        return are_taken(predictions, self.threshold)

    def class_probabilities(self, predictions: Array) -> Array:
        """One probability for each class: `(rows, classes) float32`, also where one unit tells two classes apart."""
        return np.concatenate([1 - predictions, predictions], axis=1) if self.task == SIGMOID else predictions

    def metric(self, spec: ObjectSpec) -> ObjectSpec:
        """The metric that a spec's name means for this head, under the name that the spec gives it."""
        threshold = self.threshold if isinstance(self.threshold, float) else None
        return metric_for(self, spec, exclusive=self.exclusive, threshold=threshold)


def task_of(spec: Spec) -> str:
    """The task that the last layers describe.

    Raises:
        SpecError: When they describe none.
    """
    head = find_head(spec.layers, spec.compile.loss)
    if head is None:
        expected = "a last layer with softmax, sigmoid or linear activation"
        raise SpecError([Problem(_last_layer(spec), expected, str(spec.layers[-1].document))])
    return head.task


def choose_head(spec: Spec, labels: Labels, *, task: str) -> Head:
    """The head that fits task and data.

    Raises:
        SpecError: When one sigmoid unit shall tell more than two classes apart.
    """
    if task == SIGMOID and len(labels.class_names) != 2:
        expected = f"{len(labels.class_names)} softmax units, one for each class ({_listed(labels.class_names)})"
        raise SpecError([Problem(_last_layer(spec), expected, "one sigmoid unit, which tells two apart")])
    units = {SIGMOID: 1, REGRESSION: labels.values.shape[-1]}.get(task, len(labels.class_names))
    found = find_head(spec.layers, spec.compile.loss)
    sparse, added = (found.sparse, found.added_activation) if found is not None else (False, None)
    return Head(task, units, sparse, added, exclusive=labels.are_classes, threshold=spec.threshold)


def check_output(spec: Spec, head: Head, shape: tuple[int | None, ...], class_names: tuple[str, ...]) -> None:
    """Check the built network's output against the head.

    Args:
        spec: The spec.
        head: The head that task and data call for.
        shape: The network's output shape with the samples axis.
        class_names: For the message.

    Raises:
        SpecError: When the last layer has another shape.
    """
    if shape[1:] == (head.units,):
        return
    classes = f", one for each class ({_listed(class_names)})" if class_names else ""
    expected = f"{head.units} values an instance{classes}"
    received = f"an output of shape {list(shape[1:])}"
    hint = "; Flatten or pool it first" if len(shape) > 2 else ""
    raise SpecError([Problem(_last_layer(spec), expected, received + hint)])


def _last_layer(spec: Spec) -> str:
    return f"layers.{len(spec.layers) - 1}.{spec.layers[-1].class_name}"


def _listed(names: Sequence[str], most: int = 10) -> str:
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")
