"""How much memory a network's weights take while it is trained, told from its layers before there is a network."""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from models.keras_catalog.objects import ObjectSpec
from models.keras_catalog.shape_inference import infer_shapes
from models.keras_catalog.shape_rules import Shape

__all__ = ["count_parameters", "training_bytes"]

FLOAT_BYTES = 4
SLOTS: Mapping[str, int] = {"SGD": 0, "Adagrad": 1, "Lion": 1, "Adafactor": 0, "RMSprop": 1, "Ftrl": 2}
"""Optimizer → the numbers that it keeps beside each weight, at least."""
USUAL_SLOTS = 2
GATES: Mapping[str, int] = {"LSTM": 4, "GRU": 3, "SimpleRNN": 1}
CONVOLUTIONS = ("Conv1D", "Conv2D", "Conv3D", "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")


def training_bytes(parameters: int, optimizer: str) -> int:
    """The memory of so many weights, their gradients and what the optimizer keeps of them."""
    return parameters * FLOAT_BYTES * (2 + SLOTS.get(optimizer, USUAL_SLOTS))


def count_parameters(layers: Sequence[ObjectSpec], input_shape: Shape | None) -> list[int]:
    """The weights of each layer, at least: 0 for a layer that is not counted, or whose input is not known."""
    counts: list[int] = []
    shape = input_shape
    for layer in layers:
        counts.append(_count(layer.class_name, layer.arguments, shape))
        known = shape is not None
        shape = infer_shapes([layer], shape, []) if shape is not None else None
        if not known and layer.class_name == "Dense":
            shape = (int(layer.arguments["units"]),)
    return counts


def _count(name: str, arguments: Mapping[str, Any], shape: Shape | None) -> int:
    if name == "Embedding":
        return int(arguments["input_dim"]) * int(arguments["output_dim"])
    if not shape:
        return 0
    if name == "Dense":
        return (shape[-1] + 1) * int(arguments["units"])
    if name in GATES:
        units = int(arguments["units"])
        return GATES[name] * units * (shape[-1] + units)
    if name in CONVOLUTIONS:
        return _kernel(arguments["kernel_size"], len(shape) - 1) * _channels(arguments, shape)
    return 0


def _kernel(size: Any, axes: int) -> int:
    return prod(size) if isinstance(size, Sequence) else int(size) ** axes


def _channels(arguments: Mapping[str, Any], shape: Shape) -> int:
    first = arguments.get("data_format") == "channels_first"
    return (shape[0] if first else shape[-1]) // int(arguments.get("groups", 1)) * int(arguments["filters"])
