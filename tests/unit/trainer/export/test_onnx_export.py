import keras
import numpy as np
import onnx
import onnxruntime
import pytest

from models.errors import ExportMismatch, TrainingError
from trainer.data.head import Head
from trainer.export.inference_network import inference_network
from trainer.export.onnx_export import export_keras, export_onnx
from trainer.export.parity import check_parity, graph_predictions

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


@pytest.mark.parametrize("layer", ["GRU", "LSTM", "SimpleRNN"])
@pytest.mark.parametrize("activation", ["gelu", "celu"])
def test_activations_inside_recurrent_layers_are_served_as_trained(layer: str, activation: str) -> None:
    """The loop of a recurrent layer is a graph of its own, in which the same nodes stand that no runtime knows."""
    recurrent = getattr(keras.layers, layer)(3, activation=activation)
    network = keras.Sequential([keras.Input((4, 2)), recurrent, keras.layers.Dense(3, activation="softmax")])
    rows = ROWS.reshape(20, 4, 2)
    answers = np.asarray(network(rows, training=False))
    parity = check_parity(export_onnx(network, Head("softmax", 3)), rows, answers, precision="float32")
    assert parity.largest_difference < 1e-5


def test_a_network_that_exports_as_it_is_stays_as_it_is() -> None:
    """No copy is made where nothing has to be changed."""
    network = dense()
    assert inference_network(network) is network


def test_layers_of_training_only_leave_no_trace_in_the_graph() -> None:
    """Their random numbers would stay in it, and no runtime knows them."""
    augmented = [keras.layers.RandomFlip(), keras.layers.RandomZoom(0.2), keras.layers.Flatten()]
    network = keras.Sequential([keras.Input((4, 4, 1)), *augmented, keras.layers.Dense(3, activation="softmax")])
    assert [type(layer).__name__ for layer in inference_network(network).layers] == ["Flatten", "Dense"]


@pytest.mark.parametrize("invert", [False, True])
def test_a_normalization_becomes_constants(invert: bool) -> None:
    """Exported as it is, its mean and variance are inputs of the graph."""
    normalization = keras.layers.Normalization(mean=[2.0] * 8, variance=[0.0, *[4.0] * 7], invert=invert)
    network = keras.Sequential([keras.Input((8,)), normalization, keras.layers.Dense(3, activation="softmax")])
    rows = ROWS if invert else np.where(np.arange(8) == 0, 2.0, ROWS).astype(np.float32)
    expected = np.asarray(network.predict(rows, verbose=0))
    parity = check_parity(export_onnx(network, Head("softmax", 3)), rows, expected, precision="float32")
    assert parity.largest_difference < 1e-5


def test_buckets_are_counted_boundary_by_boundary() -> None:
    """A value on a boundary is in the bucket above it, as in Keras."""
    network = keras.Sequential([keras.Input((8,)), keras.layers.Discretization(bin_boundaries=[-1.0, 0.0, 1.5])])
    rows = np.array([[-2.0, -1.0, -0.5, 0.0, 1.0, 1.5, 2.0, 9.0]], np.float32)
    assert graph_predictions(export_onnx(network, Head("regression", 8)), rows).tolist() == [[0, 1, 1, 2, 2, 3, 3, 3]]


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
