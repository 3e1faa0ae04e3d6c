"""A graph to be served: one ONNX Runtime session."""

from typing import Any

import numpy as np
import onnxruntime

from models.errors import OnehotError, reason_of
from models.preprocessing.instances import Array
from models.store.manifest import TensorInfo
from service.inference.onnxruntime_internals import FAILURES, forget_content

__all__ = ["Graph", "GraphError"]

FATAL = 4
NOWHERE = "/dev/null/nowhere"
DTYPES = {"tensor(float)": "float32", "tensor(double)": "float64", "tensor(int64)": "int64"}


class GraphError(OnehotError):
    """A graph that ONNX Runtime does not load or does not compute."""


class Graph:
    """One graph, ready to compute, of the content of an ONNX file.

    Raises:
        GraphError: When ONNX Runtime refuses it.
    """

    def __init__(self, content: bytes) -> None:
        try:
            session = onnxruntime.InferenceSession(content, _options(), providers=["CPUExecutionProvider"])
        except FAILURES as error:
            raise GraphError(reason_of(error)) from error
        forget_content(session)
        self._session = session
        self.inputs = tuple(_tensor(node) for node in session.get_inputs())
        self.outputs = tuple(_tensor(node) for node in session.get_outputs())
        self._input_name = self.inputs[0].name if self.inputs else ""
        self._output_names = [self.outputs[0].name] if self.outputs else []

    def run(self, batch: Array) -> Array:
        """Compute the first output.

        Args:
            batch: float32 `(batch, *input shape)`, contiguous.

        Returns:
            float32 `(batch, outputs)`.

        Raises:
            GraphError: When the graph cannot compute it.
        """
        try:
            (output,) = self._session.run(self._output_names, {self._input_name: batch})
        except FAILURES as error:
            raise GraphError(reason_of(error)) from error
        return np.asarray(output)


def _options() -> Any:
    options = onnxruntime.SessionOptions()
    # One thread: workers are processes, and a pool of threads would not survive a fork.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    # A version is one file: tensors in other files, which a graph can name, would be read from the working directory.
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", NOWHERE)
    options.log_severity_level = FATAL  # what is wrong is raised, and told in our words
    return options


def _tensor(node: Any) -> TensorInfo:
    shape = tuple(size if isinstance(size, int) else None for size in node.shape)
    return TensorInfo(node.name, DTYPES.get(node.type, node.type), shape)
