"""What is evaluated, exported and published computes in float32 on one device, however its weights were trained.

Keras keeps the weights of a mixed-precision network in float32 and rounds what lies between the layers. The rounding
makes training fast on some devices, and predictions worse on all: bfloat16 has three decimal digits, and ONNX Runtime
computes in it on no CPU. And a network with replicas on several devices belongs to their strategy for good.
"""

from dataclasses import replace
from typing import Any

import keras

from models.spec import Spec
from trainer.data.head import Head
from trainer.network.build import build_network, compile_network

__all__ = ["plain_network"]

FLOAT32 = "float32"


def plain_network(network: Any, spec: Spec, head: Head, *, replicas: int = 1) -> Any:
    """The network itself when it was trained in float32 on one device, else its twin with the same weights, compiled.

    Args:
        network: As it was trained.
        spec: What it was trained from.
        head: Its head.
        replicas: How many devices it was trained on.
    """
    if spec.fit.precision == FLOAT32 and replicas == 1:
        return network
    plain = replace(spec, fit=replace(spec.fit, precision=FLOAT32))
    twin = build_network(plain, network.input_shape[1:])
    twin.set_weights(network.get_weights())
    for layer in twin.layers:
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()
    compile_network(twin, spec, head)
    return twin
