"""The network that is exported: the trained layers, without what only training needs, written so that it exports.

An augmenting layer passes images through when it is served, but its random numbers stay in the graph. A
`Normalization` exports its mean and variance as if they were inputs. A `Masking` would see subnormal numbers, which
tensorflow takes for 0. `trainer.export.parity` compares the exported graph with the trained network itself, so nothing
that is done here can go unnoticed.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from models.keras_catalog.shape_rules import AUGMENTING

__all__ = ["inference_network"]

WORKS_WHEN_SERVED = frozenset({"AutoContrast", "ContrastLimitedAdaptiveHistogramEqualization"})
"""Layers among the augmenting ones that change images also when they are served."""
SMALLEST = float(np.finfo(np.float32).tiny)
TRAINING_ONLY = frozenset(AUGMENTING) - WORKS_WHEN_SERVED


def inference_network(network: Any) -> Any:
    """The same computation on the same weights, as another network where that is needed."""
    if not isinstance(network, keras.Sequential):
        return _rewired(network)
    kept = [part for layer in network.layers for part in _in_a_row(layer)]
    if kept == network.layers:
        return network
    return keras.Sequential([keras.Input(network.input_shape[1:], dtype="float32"), *kept], name=network.name)


def _rewired(network: Any) -> Any:
    """A network that branches: whatever stands for a layer stands where that stood."""
    if all(_exportable(layer) == [layer] for layer in network.layers):
        return network

    def stand_in(layer: Any) -> Any:
        parts = _exportable(layer)
        if parts == [layer]:
            return layer
        return keras.Sequential(parts) if parts else keras.layers.Identity(dtype=layer.dtype_policy)

    return keras.models.clone_model(network, clone_function=stand_in)


def _in_a_row(layer: Any) -> Sequence[Any]:
    """What stands for a layer of a network without branches: where there are some, masks are made beside the layers."""
    if type(layer).__name__ == "Masking":
        return [NormalMasking(layer.mask_value, dtype=layer.dtype_policy)]
    return _exportable(layer)


def _exportable(layer: Any) -> Sequence[Any]:
    """What stands for a layer in the exported network."""
    name = type(layer).__name__
    if name in TRAINING_ONLY:
        return []
    if name == "Normalization":
        return [_affine(layer)]
    if name.endswith("DTranspose"):
        # Where the shape was lost before (a Dense on images does that), the exporter pads at the wrong end.
        return [keras.layers.Reshape(layer.input.shape[1:], dtype=layer.dtype_policy), layer]
    return [GroupedConvolution(layer)] if getattr(layer, "groups", 1) > 1 and name.startswith("Conv") else [layer]


class Affine(keras.layers.Layer):  # type: ignore[misc]
    """`x * scale + offset` with constants of the graph."""

    def __init__(self, scale: Any, offset: Any, dtype: Any) -> None:
        super().__init__(dtype=dtype)
        self.scale = scale
        self.offset = offset

    def call(self, inputs: Any) -> Any:
        """Multiply, then add."""
        return inputs * self.scale + self.offset


class NormalMasking(keras.layers.Masking):  # type: ignore[misc]
    """`Masking` for which a number too small to be a normal float32 is 0, as it is for tensorflow."""

    def call(self, inputs: Any) -> Any:
        """Mask what remains."""
        return super().call(_normal(inputs))

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask of what remains."""
        return super().compute_mask(_normal(inputs), mask)


def _normal(inputs: Any) -> Any:
    return keras.ops.where(keras.ops.abs(inputs) < SMALLEST, keras.ops.zeros_like(inputs), inputs)


class GroupedConvolution(keras.layers.Layer):  # type: ignore[misc]
    """A convolution in groups, group by group: as one operation Keras compiles it to code that is not exported."""

    def __init__(self, layer: Any) -> None:
        super().__init__(dtype=layer.dtype_policy)
        self.layer = layer

    def call(self, inputs: Any) -> Any:
        """Convolve each group of channels with its filters."""
        layer, ops = self.layer, keras.ops
        parts = zip(ops.split(inputs, layer.groups, -1), ops.split(layer.kernel, layer.groups, -1), strict=True)
        outputs = ops.concatenate([layer.convolution_op(part, kernel) for part, kernel in parts], -1)
        biased = outputs + layer.bias if layer.use_bias else outputs
        return layer.activation(biased) if layer.activation is not None else biased


def _affine(layer: Any) -> Affine:
    mean = np.asarray(layer.mean, np.float64)
    deviation = np.maximum(np.sqrt(np.asarray(layer.variance, np.float64)), keras.backend.epsilon())
    scale, offset = (deviation, mean) if layer.invert else (1 / deviation, -mean / deviation)
    kind = layer.compute_dtype if layer.compute_dtype != "bfloat16" else "float32"
    return Affine(scale.astype(kind), offset.astype(kind), layer.dtype_policy)
