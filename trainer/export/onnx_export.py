"""A Keras network as an ONNX graph with fixed names: input `x`, output `probabilities`, or `values` for regression."""

import logging
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import keras
import onnx

from trainer.data.head import Head
from trainer.export.graph_fixes import fix_graph
from trainer.export.in_subprocess import BACKEND, export_in_subprocess
from trainer.export.inference_network import inference_network
from trainer.export.tensor_names import INPUT, output_name

__all__ = ["OPSET", "export_keras", "export_onnx"]

OPSET = 18
SAMPLES = "batch"


def export_keras(network: Any) -> bytes:
    """The network as the bytes of a `.keras` file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        network.save(path)
        return path.read_bytes()


def export_onnx(network: Any, head: Head) -> bytes:
    """The network as the bytes of an `.onnx` file.

    Args:
        network: A built `keras.Sequential`.
        head: Its head; it names the output.

    Returns:
        One input `(batch, *input shape) float32`, one output `(batch, outputs) float32`, the samples axis free.
    """
    if keras.backend.backend() != BACKEND:
        return export_in_subprocess(export_keras(network), task=head.task)
    graph = _exported(inference_network(network))
    fix_graph(graph)
    _rename_output(graph.graph, output_name(head))
    for value in (*graph.graph.input, *graph.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = SAMPLES
    return graph.SerializeToString()  # type: ignore[no-any-return]


def _exported(network: Any) -> onnx.ModelProto:
    """Straight through tf2onnx: `network.export` traces the network three times to look for tables of words."""
    import tensorflow as tf  # noqa: PLC0415 -- other backends have no tensorflow
    import tf2onnx  # noqa: PLC0415

    # What the exporter calls an error is fixed or found by the parity check.
    logging.getLogger("tf2onnx").setLevel(logging.CRITICAL)
    signature = [tf.TensorSpec(network.input_shape, tf.float32, name=INPUT)]
    compute = tf.function(partial(network, training=False), input_signature=signature, autograph=False)
    graph: onnx.ModelProto = tf2onnx.convert.from_function(compute, signature, opset=OPSET)[0]
    return graph


def _rename_output(graph: onnx.GraphProto, name: str) -> None:
    (output,) = graph.output
    old, output.name = output.name, name
    for node in graph.node:
        for names in (node.input, node.output):
            for index, one in enumerate(names):
                if one == old:
                    names[index] = name
