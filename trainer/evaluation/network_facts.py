"""What the report says of the network itself: its layers, and the epoch that was best."""

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["best_epoch", "network_facts"]

MOST_LAYERS = 100


def network_facts(network: Any) -> dict[str, Any]:
    """Layers with output shapes and parameters, and all parameters, of a Keras network."""
    layers = [_layer(layer) for layer in network.layers[:MOST_LAYERS]]
    return {"layers": layers, "layer_count": len(network.layers), "parameters": int(network.count_params())}


def _layer(layer: Any) -> dict[str, Any]:
    shape = tuple(getattr(layer.output, "shape", ())) if getattr(layer, "_inbound_nodes", None) else ()
    return {"name": layer.name, "class": type(layer).__name__, "output_shape": list(shape[1:]) if shape else None,
            "parameters": int(layer.count_params())}  # fmt: skip


def best_epoch(history: Sequence[Mapping[str, float]]) -> dict[str, Any] | None:
    """The epoch, from 1, of the least loss on the validation rows, or without any on the training rows."""
    name = "val_loss" if history and "val_loss" in history[0] else "loss"
    known = [(epoch[name], number) for number, epoch in enumerate(history, 1) if epoch.get(name) is not None]
    return {"metric": name, "epoch": min(known)[1]} if known else None
