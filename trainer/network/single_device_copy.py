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
from trainer.network.build import build_network, compile_network

__all__ = ["single_device_copy"]

FLOAT32 = "float32"


def single_device_copy(network: Any, spec: Spec, head: Head, *, replicas: int = 1) -> Any:
    """The network itself when it was trained in float32 on one device, else a compiled copy with the same weights."""
    if spec.fit.precision == FLOAT32 and replicas == 1:
        return network
    plain = replace(spec, fit=replace(spec.fit, precision=FLOAT32))
    copy = build_network(plain, network.input_shape[1:])
    copy.set_weights(network.get_weights())
    for layer in copy.layers:
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()
    compile_network(copy, spec, head)
    return copy
