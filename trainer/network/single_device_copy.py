"""The network that is evaluated, exported and published: in float32 on one device, however it was trained.

Keras keeps the weights of a mixed-precision network in float32 and rounds what lies between the layers. The rounding
makes training fast on some devices, and predictions worse on all: bfloat16 has three decimal digits, and ONNX Runtime
computes in it on no CPU. And a network with replicas on several devices belongs to their strategy for good.
"""

from dataclasses import replace
from typing import Any

import keras

from models.spec import Spec
from trainer.data.head import Head
from trainer.data.target_scale import TargetScale
from trainer.network.build import build_network, compile_network

__all__ = ["single_device_copy"]

FLOAT32 = "float32"


def single_device_copy(
    network: Any, spec: Spec, head: Head, *, replicas: int = 1, scale: TargetScale | None = None
) -> Any:
    """The network itself when it was trained in float32 on one device, else a compiled copy with the same weights.

    Its loss is in the target's units, as its outputs are.

    Args:
        network: As it was trained.
        spec: What it was trained from.
        head: Its head.
        replicas: How many devices it was trained on.
        scale: Of the target, where the network was trained on a loss of standardized targets.
    """
    if spec.fit.precision == FLOAT32 and replicas == 1 and scale is None:
        return network
    plain = replace(spec, fit=replace(spec.fit, precision=FLOAT32))
    copy = build_network(plain, network.input_shape[1:], scale)
    copy.set_weights(network.get_weights())
    for layer in copy.layers:
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()
    compile_network(copy, spec, head)
    return copy
