"""Is the exported graph the trained network? Both compute the same held-out rows, or nothing is published."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import onnxruntime

from models.errors import ExportMismatch, TrainingError, reason_of
from models.preprocessing.instances import Array
from models.preprocessing.tolerance import allowed_difference, largest_difference
from trainer.data.rows import Rows, batches, row_bytes
from trainer.export.tensor_names import INPUT

__all__ = ["TOLERANCES", "Parity", "check_parity", "graph_predictions", "graph_predictor"]

TOLERANCES: Mapping[str, float] = {"float32": 1e-5, "mixed_float16": 1e-3, "mixed_bfloat16": 1e-2}
"""The largest absolute difference of a probability, by `fit.precision`."""
SINGLE_ROWS = 8
"""How many rows are also computed one by one: a graph may be right for one batch size only."""

ROWS_AT_ONCE = 256
BYTES_AT_ONCE = 2 * 2**20
"""Of inputs: what the layers between compute is many times as large."""


@dataclass(frozen=True, slots=True)
class Parity:
    """The outcome of a comparison."""

    rows: int
    largest_difference: float
    tolerance: float


def graph_predictions(graph: bytes, inputs: Rows) -> Array:
    """The outputs of a graph for preprocessed inputs: `(rows, units) float32`.

    Raises:
        TrainingError: When ONNX Runtime does not take the graph, or the graph not these inputs.
    """
    session = _session(graph)
    try:
        return _predictions(session, inputs)
    except Exception as error:
        reason = reason_of(error)
        raise TrainingError(f"exported graph: expected one that takes these rows; received {reason}") from error


def graph_predictor(graph: bytes) -> Callable[[Rows], Array]:
    """A function that computes rows, `(rows, *input shape) float32`, with a graph that is loaded once.

    Raises:
        TrainingError: When ONNX Runtime does not take the graph.
    """
    return partial(_predictions, _session(graph))


def _predictions(session: onnxruntime.InferenceSession, inputs: Rows) -> Array:
    size = max(1, min(ROWS_AT_ONCE, BYTES_AT_ONCE // row_bytes(inputs)))
    pieces = (some[start : start + size] for some in batches(inputs) for start in range(0, len(some), size))
    return np.concatenate([session.run(None, {INPUT: piece})[0] for piece in pieces])


def _session(graph: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what goes wrong is raised; its own log would only say it twice
    try:
        session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        reason = reason_of(error)
        raise TrainingError(f"exported graph: expected one that ONNX Runtime serves; received {reason}") from error
    names = [value.name for value in session.get_inputs()]
    if names != [INPUT]:
        raise TrainingError(f"exported graph: expected the one input {INPUT!r}; received {', '.join(names)}")
    return session


def check_parity(graph: bytes, inputs: Rows, predictions: Array, *, precision: str) -> Parity:
    """Compare a graph with Keras on held-out rows, all at once and one by one.

    Args:
        graph: The exported graph.
        inputs: Preprocessed rows, `(rows, *input shape) float32`.
        predictions: Keras' outputs for them, `(rows, units) float32`.
        precision: The spec's `fit.precision`, which sets the tolerance.

    Raises:
        ExportMismatch: When they differ by more than the tolerance.
        TrainingError: When ONNX Runtime does not take the graph.
    """
    session, tolerance = _session(graph), TOLERANCES[precision]
    together = _predictions(session, inputs)
    singles = [session.run(None, {INPUT: inputs[row : row + 1]})[0] for row in range(min(SINGLE_ROWS, len(inputs)))]
    difference = max(
        largest_difference(predictions, together),
        largest_difference(predictions[: len(singles)], np.concatenate(singles)),
    )
    if not difference <= allowed_difference(predictions, tolerance=tolerance):
        raise ExportMismatch(largest_difference=difference, tolerance=tolerance, rows=len(inputs))
    return Parity(len(inputs), difference, tolerance)
