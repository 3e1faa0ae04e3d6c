import keras
import pytest

from models.errors import SpecError
from models.keras_catalog.objects import ObjectSpec
from trainer.data.head import Head
from trainer.network.build import build_network, compile_network, keras_object

SOFTMAX = {"Dense": {"units": 3, "activation": "softmax"}}


def test_every_layer_is_keras_own(make_spec) -> None:
    """By class, with its arguments and the objects among them."""
    dense = {"units": 5, "kernel_initializer": {"HeNormal": {"seed": 1}}, "kernel_regularizer": {"L2": {"l2": 0.01}}}
    network = build_network(make_spec(layers=[{"Dense": dense}, "BatchNormalization", SOFTMAX]), (4,))
    assert [type(layer).__name__ for layer in network.layers] == ["Dense", "BatchNormalization", "Dense"]
    assert isinstance(network.layers[0].kernel_initializer, keras.initializers.HeNormal)
    assert network.layers[0].kernel_regularizer.l2 == pytest.approx(0.01)
    assert network.output_shape == (None, 3)


def test_wrapped_layers_are_built(make_spec) -> None:
    """Bidirectional holds a layer."""
    layers = [{"Bidirectional": {"layer": {"LSTM": {"units": 4}}}}, SOFTMAX]
    assert build_network(make_spec(layers=layers), (6, 2)).layers[0].output.shape == (None, 8)


def test_an_activation_with_arguments_becomes_a_layer(make_spec) -> None:
    """A function with arguments cannot be saved by name."""
    layers = [{"Dense": {"units": 5, "activation": {"leaky_relu": {"negative_slope": 0.1}}}}, SOFTMAX]
    network = build_network(make_spec(layers=layers), (4,))
    assert [type(layer).__name__ for layer in network.layers] == ["Dense", "LeakyReLU", "Dense"]
    assert network.layers[1].negative_slope == pytest.approx(0.1)


def test_a_schedule_stands_where_a_learning_rate_does() -> None:
    """Nested objects of the optimizer."""
    schedule = {"ExponentialDecay": {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5}}
    optimizer = keras_object("optimizers", ObjectSpec("SGD", {"learning_rate": schedule, "momentum": 0.9}))
    assert isinstance(optimizer._learning_rate, keras.optimizers.schedules.ExponentialDecay)


def test_a_layer_that_does_not_fit_is_named(make_spec) -> None:
    """With the shape that came to it, and what Keras says."""
    spec = make_spec(layers=[{"Conv2D": {"filters": 4, "kernel_size": 3}}, "Flatten", SOFTMAX])
    with pytest.raises(SpecError, match=r"layers\.0\.Conv2D: expected a layer that takes instances of shape \[4\]"):
        build_network(spec, (4,))


def test_predictions_are_float32_in_mixed_precision(make_spec) -> None:
    """Half precision ends before the probabilities."""
    network = build_network(make_spec(fit={"precision": "mixed_float16"}), (4,))
    assert network.layers[0].compute_dtype == "float16"
    assert network.layers[-1].compute_dtype == "float32"


def test_compiling_takes_loss_optimizer_and_metrics_of_the_spec(make_spec) -> None:
    """Metrics as they apply to the head, under the names of the spec."""
    spec = make_spec(compile={"optimizer": {"Adam": {"learning_rate": 0.5}}, "metrics": ["accuracy", "AUC"]})
    network = build_network(spec, (4,))
    compile_network(network, spec, Head("softmax", 3))
    assert float(network.optimizer.learning_rate) == pytest.approx(0.5)
    assert [metric.name for metric in network._compile_metrics._user_metrics] == ["accuracy", "auc"]
