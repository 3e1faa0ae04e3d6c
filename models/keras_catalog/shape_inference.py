"""Shapes from layer to layer, found without a framework, so that a misfit is named when a job is submitted."""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from models.errors import Problem
from models.keras_catalog.argument_kinds import Mismatch
from models.keras_catalog.objects import ObjectSpec
from models.keras_catalog.shape_rules import RULES, Shape

__all__ = ["infer_shapes"]

LARGEST_INSTANCE = 2**31
"""No layer puts out more values for one instance: a larger number is a typing mistake."""


def infer_shapes(layers: Sequence[ObjectSpec], input_shape: Shape, problems: list[Problem]) -> Shape | None:
    """Follow an instance's shape through the layers.

    Args:
        layers: In order.
        input_shape: What the first layer takes, without the samples axis.
        problems: Takes the first misfit, with the layer's path.

    Returns:
        The shape that comes out, or None where a layer does not fit or its rule is not known.
    """
    shape = input_shape
    for index, layer in enumerate(layers):
        try:
            following = _after(layer, shape)
        except Mismatch as mismatch:
            path = f"layers.{index}.{layer.class_name}"
            problems.append(Problem(path, mismatch.expected, f"the shape {list(shape)} from {_giver(layers, index)}"))
            return None
        if following is None:
            return None
        shape = following
    return shape


def _giver(layers: Sequence[ObjectSpec], index: int) -> str:
    return f"layers.{index - 1}.{layers[index - 1].class_name}" if index else "the input"


def _after(layer: ObjectSpec, shape: Shape) -> Shape | None:
    if layer.class_name in WRAPPERS:
        return WRAPPERS[layer.class_name](layer.arguments, shape)
    rule = RULES.get(layer.class_name)
    if rule is None:
        return None
    following = rule(layer.arguments, shape)
    if prod(following) > LARGEST_INSTANCE:
        raise Mismatch(f"an output of at most {LARGEST_INSTANCE} values for one instance, not {list(following)}")
    return following


def _time_distributed(arguments: Mapping[str, Any], shape: Shape) -> Shape | None:
    if len(shape) < 2:
        raise Mismatch("a shape of at least 2 axes, the first of them steps")
    inner = _after_inner(arguments, shape[1:])
    return None if inner is None else (shape[0], *inner)


def _bidirectional(arguments: Mapping[str, Any], shape: Shape) -> Shape | None:
    inner = _after_inner(arguments, shape)
    if inner is None or arguments.get("merge_mode", "concat") != "concat":
        return inner
    return (*inner[:-1], 2 * inner[-1])


def _after_inner(arguments: Mapping[str, Any], shape: Shape) -> Shape | None:
    return _after(ObjectSpec.from_document(arguments["layer"]), shape)


WRAPPERS = {
    "Bidirectional": _bidirectional,
    "SpectralNormalization": _after_inner,
    "TimeDistributed": _time_distributed,
}
