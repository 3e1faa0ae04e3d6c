"""From a spec to a Keras network: every object by its class, every argument already checked by `models.spec`."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from models.errors import Problem, SpecError
from models.keras_catalog.argument_kinds import family_of
from models.keras_catalog.objects import ACTIVATION_LAYERS, ObjectSpec
from models.spec import Spec
from models.spec.head import find_head
from trainer.data.head import Head
from trainer.data.target_scale import TargetScale
from trainer.network.keras_messages import plain_lines
from trainer.network.target_units import StandardizedLoss, target_units

__all__ = ["adapt_network", "build_network", "compile_network", "keras_object"]

ADAPTING_ROWS = 2**16


def keras_object(family: str, spec: ObjectSpec) -> Any:
    """Make one Keras object, with the objects among its arguments."""
    home = keras.optimizers.schedules if family == "schedules" else getattr(keras, family)
    made = getattr(home, spec.class_name)
    return made if family == "activations" else made(**_arguments(spec))


def _arguments(spec: ObjectSpec) -> dict[str, Any]:
    return {name: _argument(name, value) for name, value in spec.arguments.items()}


def _argument(name: str, value: Any) -> Any:
    family = family_of(name)
    if family is None:
        return tuple(value) if isinstance(value, list) else value
    if isinstance(value, str | Mapping):
        return keras_object(family, ObjectSpec.from_document(value))
    return value


def build_network(spec: Spec, input_shape: tuple[int, ...], scale: TargetScale | None = None) -> Any:
    """Build a spec's layers on an input: a built `keras.Sequential`.

    Args:
        spec: The spec.
        input_shape: One preprocessed instance, without the samples axis.
        scale: Of the target, where it is standardized.

    Returns:
        A built `keras.Sequential`; behind layers that give logits, with the activation that makes probabilities.

    Raises:
        SpecError: Names the first layer that its input does not fit.
    """
    keras.config.set_dtype_policy(spec.fit.precision)
    network = keras.Sequential([keras.Input(input_shape, name="x", dtype="float32")], name=spec.model)
    shape = input_shape
    for index, layer in enumerate(spec.layers):
        last = index == len(spec.layers) - 1
        _add(
            network, _with_output_type(layer) if last else layer, path=f"layers.{index}.{layer.class_name}", shape=shape
        )
        shape = network.output_shape[1:]
    head = find_head(spec.layers, spec.compile.loss)
    if head is not None and head.added_activation:
        network.add(keras.layers.Activation(head.added_activation, dtype="float32"))
    if scale is not None and shape == (len(scale.mean),):
        network.add(target_units(scale))
    return network


def _with_output_type(layer: ObjectSpec) -> ObjectSpec:
    """Probabilities are float32, whatever the precision before them."""
    return ObjectSpec(layer.class_name, {"dtype": "float32", **layer.arguments})


def _add(network: Any, layer: ObjectSpec, *, path: str, shape: tuple[int, ...]) -> None:
    """Add one layer to a network whose output has this shape so far."""
    try:
        for part in _unfolded(layer):
            network.add(keras_object("layers", part))
    except (ValueError, TypeError, IndexError, ZeroDivisionError) as error:
        expected = f"a layer that takes instances of shape {list(shape)}"
        raise SpecError([Problem(path, expected, _reason(error))]) from error


def _unfolded(layer: ObjectSpec) -> Sequence[ObjectSpec]:
    """The layer; and its activation as a layer of its own where that has arguments."""
    activation = layer.arguments.get("activation")
    if not isinstance(activation, Mapping):
        return [layer]
    function = ObjectSpec.from_document(activation)
    rest = {name: value for name, value in layer.arguments.items() if name != "activation"}
    follower = ObjectSpec(ACTIVATION_LAYERS[function.class_name], function.arguments)
    return [follower] if layer.class_name == "Activation" else [ObjectSpec(layer.class_name, rest), follower]


def _reason(error: Exception) -> str:
    """Keras' message in one line, without colours."""
    lines = plain_lines(str(error).rpartition("Exception encountered:")[2])
    return lines[0] if lines else type(error).__name__


def adapt_network(network: Any, inputs: Any) -> None:
    """Give every `Normalization` without mean and variance those of what reaches it from the training rows.

    Args:
        network: As it was built.
        inputs: Preprocessed training rows; of very many, the first will do.
    """
    for index, layer in enumerate(network.layers):
        if isinstance(layer, keras.layers.Normalization) and layer.input_mean is None:
            values = inputs[:ADAPTING_ROWS]
            for before in network.layers[:index]:
                values = before(values, training=False)
            layer.adapt(np.asarray(values))


def compile_network(network: Any, spec: Spec, head: Head, scale: TargetScale | None = None) -> None:
    """Compile with the spec's optimizer and loss, and its metrics as they apply to the head.

    Args:
        network: As it was built.
        spec: The spec.
        head: Its head.
        scale: Of the target, where the loss is one of standardized targets.
    """
    loss = keras_object("losses", head.loss(spec.compile.loss))
    network.compile(
        optimizer=keras_object("optimizers", spec.compile.optimizer),
        loss=loss if scale is None else StandardizedLoss(loss, scale),
        metrics=[keras_object("metrics", head.metric(metric)) for metric in spec.compile.metrics],
    )
