import keras
import numpy as np
import onnx
import onnxruntime
import pytest

from models.errors import ExportMismatch, TrainingError
from trainer.export import export_keras, export_onnx
from trainer.heads import Head
from trainer.parity import check_parity, graph_predictions

ROWS = np.random.default_rng(0).normal(size=(20, 8)).astype(np.float32) * 3


def dense(activation: str = "relu", outputs: str = "softmax") -> keras.Sequential:
    layers = [keras.layers.Dense(12, activation=activation), keras.layers.Dense(3, activation=outputs)]
    return keras.Sequential([keras.Input((8,)), *layers])


def predictions(network: keras.Sequential) -> np.ndarray:
    return np.asarray(network.predict(ROWS, verbose=0))


@pytest.mark.parametrize(("task", "name"), [("softmax", "probabilities"), ("regression", "values")])
def test_names_and_shapes_are_fixed(task: str, name: str) -> None:
    """One input `x`, one output, float32, the samples axis free."""
    session = onnxruntime.InferenceSession(export_onnx(dense(), Head(task, 3)))
    (given,), (result,) = session.get_inputs(), session.get_outputs()
    assert (given.name, given.type, given.shape) == ("x", "tensor(float)", ["batch", 8])
    assert (result.name, result.type, result.shape) == (name, "tensor(float)", ["batch", 3])


@pytest.mark.parametrize("activation", ["gelu", "celu", "elu", "selu", "silu", "mish", "softplus", "leaky_relu"])
def test_activations_are_served_as_trained(activation: str) -> None:
    """Also those whose export ONNX Runtime would refuse."""
    network = dense(activation)
    parity = check_parity(export_onnx(network, Head("softmax", 3)), ROWS, predictions(network), precision="float32")
    assert parity.largest_difference < 1e-5


def test_another_network_is_found_out() -> None:
    """Nothing is published then."""
    graph = export_onnx(dense(), Head("softmax", 3))
    with pytest.raises(ExportMismatch, match="on 20 held-out rows: expected at most 1e-05"):
        check_parity(graph, ROWS, predictions(dense()), precision="float32")


def test_a_graph_that_is_none_is_found_out() -> None:
    """Or one that asks for another input."""
    with pytest.raises(TrainingError, match="expected one that ONNX Runtime serves"):
        graph_predictions(b"no graph", ROWS)
    graph = onnx.load_from_string(export_onnx(dense(), Head("softmax", 3)))
    graph.graph.input[0].name = "y"
    for node in graph.graph.node:
        node.input[:] = ["y" if one == "x" else one for one in node.input]
    with pytest.raises(TrainingError, match="expected the one input 'x'; received y"):
        graph_predictions(graph.SerializeToString(), ROWS)


def test_the_keras_file_loads_equal(tmp_path) -> None:
    """The source of truth for Keras."""
    network = dense()
    (tmp_path / "model.keras").write_bytes(export_keras(network))
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert np.array_equal(predictions(loaded), predictions(network))
