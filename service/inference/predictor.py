"""One loaded version: instances in, probabilities out."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from models.errors import InputError
from models.preprocessing.instances import Array, are_finite, parse_instances
from models.preprocessing.pipeline import Preprocessing
from models.store.manifest import Manifest
from service.decoding.csv_table import OnIgnored
from service.decoding.images import parse_instances_with_images
from service.decoding.json_numbers import NumberReader
from service.decoding.media_types import MOST_BYTES, parse_batch
from service.inference.dynamic_batching import DynamicBatcher, Runs
from service.inference.onnx_session import GraphError

__all__ = ["Predictor"]


@dataclass(frozen=True, slots=True)
class Predictor:
    """A version that answers.

    Args:
        preprocessing: The fitted steps that come before the graph.
        numbers: Reads instances that are written as plain numbers.
    """

    manifest: Manifest
    preprocessing: Preprocessing
    graph: Runs
    numbers: NumberReader

    @classmethod
    def build(cls, manifest: Manifest, graph: Runs) -> Self:
        """Put a version together from its manifest and its graph."""
        return cls(manifest, manifest.fitted_preprocessing, graph, NumberReader(manifest.instance))

    @property
    def model(self) -> str:
        """The model's name."""
        return self.manifest.model

    @property
    def version(self) -> int:
        """The version's number."""
        return self.manifest.version

    def for_threads(self) -> Self:
        """The same without dynamic batching, which is for greenlets of one event loop."""
        return replace(self, graph=self.graph.graph) if isinstance(self.graph, DynamicBatcher) else self

    def read(self, values: Any, *, where: str = "instances") -> Array:
        """Make one array of instances that came as JSON.

        Args:
            values: A list of instances in any of the accepted forms.
            where: What the list is called in errors.

        Returns:
            `(batch, *instance shape)` float32, or object where columns hold text.

        Raises:
            InputError: Names the instance that does not fit, what was expected and what came.
        """
        if isinstance(values, list) and dict in set(map(type, values)):
            return parse_instances_with_images(
                values, self.manifest.instance, where=where, resized=self.preprocessing.resizes_images,
                orientation=self.manifest.image_orientation,
            )  # fmt: skip
        return parse_instances(values, self.manifest.instance, where=where)

    def read_body(
        self, body: bytes, content_type: str, *, most_rows: int | None = None, most_bytes: int = MOST_BYTES,
        on_ignored: OnIgnored = lambda _: None,
    ) -> Array:  # fmt: skip
        """Make one array of a body in one of `BATCH_TYPES`; of a table, no more than one row too many.

        A table's columns that the model does not know are passed over, and named to `on_ignored`.

        Returns:
            `(batch, *instance shape)` float32, or object where columns hold text.

        Raises:
            InputError: When it is not what its type says, or does not fit.
        """
        return parse_batch(
            body, content_type, self.manifest.instance, resized=self.preprocessing.resizes_images,
            orientation=self.manifest.image_orientation, most_rows=most_rows, most_bytes=most_bytes,
            on_ignored=on_ignored,
        )  # fmt: skip

    def predict(self, batch: Array, *, where: str = "instances") -> Array:
        """Preprocess and compute.

        Args:
            batch: `(batch, *instance shape)`, as `read` makes it.
            where: What the instances are called in errors.

        Returns:
            float32 `(batch, outputs)`; for a softmax head a row of probabilities for each instance.

        Raises:
            InputError: For a category that training did not see, a token beyond the vocabulary, or values so large
                that the answer is no number.
            GraphError: When it is not the input that it fails on.
        """
        inputs = self.preprocessing.apply(batch)
        try:
            predictions = self.graph.run(inputs)
        except GraphError as error:
            raise self._blamed(error, inputs, where) from error
        if not are_finite(predictions):
            raise _overflow(predictions, where)
        return predictions

    def _blamed(self, error: GraphError, inputs: Array, where: str) -> Exception:
        """The error of the first instance that the graph does not compute; its own when it computes each alone."""
        begin, end = 0, len(inputs)
        while end - begin > 1:
            middle = (begin + end) // 2
            begin, end = (begin, middle) if self._fails(inputs[begin:middle]) else (middle, end)
        if not self._fails(inputs[begin:end]):
            return error
        reason = str(error).rpartition("Status Message: ")[2]  # before it stands where in ONNX Runtime
        expected = "values that the network takes"
        return InputError(where=f"{where}[{begin}]", expected=expected, received=f"values on which it fails: {reason}")

    def _fails(self, inputs: Array) -> bool:
        try:
            self.graph.run(inputs)
        except GraphError:
            return True
        return False


def _overflow(predictions: Array, where: str) -> InputError:
    rows = np.isfinite(predictions.reshape(len(predictions), -1)).all(axis=1)
    return InputError(
        where=f"{where}[{int(np.argmin(rows))}]",
        expected="values in the range that the model was trained on",
        received="values for which it computes no finite number",
    )
