"""What a model said about rows: classes and probabilities as arrays."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from onehot_client.lazy_numpy import Array, np
from onehot_client.model_form import MULTILABEL, REGRESSION, SIGMOID, ModelForm

__all__ = ["Answered", "Classifications", "Predictions"]

THRESHOLD = 0.5
"""The probability above which the second of two classes, or a label, holds where a version has none of its own."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One request of those that answered the rows.

    Args:
        request_id: Of the request.
        rows: How many it held.
    """

    request_id: str
    rows: int


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """The answer to `predict`, of one version.

    Args:
        model: The model's name.
        version: The version that answered.
        outputs: What the model gives, `(rows, outputs) float32`.
        form: What the version takes and gives.
        requests: Those that answered, in the order of the rows.
        ignored_columns: Columns of a frame that the model does not know.
    """

    model: str
    version: int
    outputs: Array
    form: ModelForm = field(repr=False)
    requests: tuple[Answered, ...] = field(default=(), repr=False)
    ignored_columns: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.outputs)

    @property
    def request_id(self) -> str:
        """Of the (first) request: finds the line in the service's log."""
        return self.requests[0].request_id if self.requests else ""

    @property
    def class_names(self) -> tuple[str, ...]:
        """Of the columns of `probabilities`; their numbers where the model names none."""
        count = 2 if self._is_one_unit else self.outputs.shape[-1]
        names = self.form.class_names
        return names if len(names) == count else tuple(map(str, range(count)))

    @property
    def probabilities(self) -> Array:
        """Of each class or label, `(rows, classes) float32`; of two classes both, also where the model has one output.

        Raises:
            TypeError: For a regression.
        """
        self._require_classifier("probabilities")
        if not self._is_one_unit:
            return self.outputs
        second = self.outputs.reshape(len(self.outputs), 1)
        return np.concatenate([1 - second, second], axis=1)

    @property
    def classes(self) -> Array:
        """The predicted class of each row, `(rows,)` of text; of a model with several labels tuples, dtype object.

        Raises:
            TypeError: For a regression.
        """
        self._require_classifier("classes")
        names = np.asarray(self.class_names, dtype=str)
        if self.form.task == MULTILABEL:
            return self._held(names)
        if self._is_one_unit:
            return np.asarray(names[self._are_taken().reshape(len(self.outputs)).astype(int)])
        return np.asarray(names[self.outputs.argmax(axis=1)])

    @property
    def _is_one_unit(self) -> bool:
        return self.form.task == SIGMOID and self.outputs.size == len(self.outputs)

    def _are_taken(self) -> Array:
        limits = THRESHOLD if self.form.threshold is None else self.form.threshold
        return self.outputs > np.asarray(limits, np.float32)

    def _held(self, names: Array) -> Array:
        """The labels of each row that hold, best first."""
        held = np.empty(len(self.outputs), dtype=object)
        order = np.argsort(-self.outputs, axis=1, kind="stable")
        for row, (best, taken) in enumerate(zip(order, self._are_taken(), strict=True)):
            held[row] = tuple(str(names[index]) for index in best if taken[index])
        return held

    def _require_classifier(self, what: str) -> None:
        if self.form.task == REGRESSION:
            raise TypeError(f"{what}: expected a classifier; received a regression: `outputs` holds its numbers")

    def feedback(self, labels: Sequence[Any]) -> list[dict[str, Any]]:
        """The true labels of the rows, as `Client.feedback` takes them.

        Args:
            labels: One for each row; None where it is not known.
        """
        items = [{"request_id": request_id, "index": index, "label": label}
                 for (request_id, index), label in zip(self._places(), labels, strict=True)]  # fmt: skip
        return [item for item in items if item["label"] is not None]

    def _places(self) -> Iterator[tuple[str, int]]:
        return ((one.request_id, index) for one in self.requests for index in range(one.rows))


@dataclass(frozen=True, slots=True)
class Classifications:
    """The answer to `classify`, of one version.

    Args:
        model: The model's name.
        version: The version that answered.
        results: For each row its labels with their scores, best first.
        requests: Those that answered, in the order of the rows.
    """

    model: str
    version: int
    results: list[list[tuple[str, float]]]
    requests: tuple[Answered, ...] = field(default=(), repr=False)

    def __len__(self) -> int:
        return len(self.results)

    @property
    def request_id(self) -> str:
        """Of the (first) request."""
        return self.requests[0].request_id if self.requests else ""

    @property
    def best(self) -> list[str]:
        """The best label of each row."""
        return [pairs[0][0] for pairs in self.results]
