"""All of Keras that it does not document and a training stands on, proved for `VERSIONS`.

Private attributes are touched here only; `tests/unit/trainer/test_foreign_internals.py` fails by name when an upgrade
changes one. Of tensorflow, jax and tf2onnx nothing private is used.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

__all__ = ["CALLBACK_STATE", "VERSIONS", "build_symbolically", "callback_states", "restore_callbacks"]

VERSIONS = ">=3.15,<3.16"

CALLBACK_STATE: Mapping[str, tuple[str, ...]] = {
    "EarlyStopping": ("wait", "stopped_epoch", "best", "best_epoch", "best_weights"),
    "ReduceLROnPlateau": ("wait", "best", "cooldown_counter"),
    "SwapEMAWeights": ("_ema_weights_in_model",),
    "TerminateOnNaN": (),
}
"""Callback → the attributes that it keeps from epoch to epoch, and resets when a training begins.

Every callback that a spec may name is here.
"""


def callback_states(callbacks: Sequence[Any]) -> list[dict[str, Any]]:
    """The state of each callback: plain values, and lists of arrays."""
    return [
        {name: _plain(getattr(callback, name)) for name in CALLBACK_STATE.get(type(callback).__name__, ())}
        for callback in callbacks
    ]


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def restore_callbacks(callbacks: Sequence[Any], states: Sequence[Mapping[str, Any]]) -> None:
    """Give each callback its state again, after `on_train_begin` reset it."""
    for callback, state in zip(callbacks, states, strict=True):
        for name, value in state.items():
            setattr(callback, name, value)


def build_symbolically(network: Any, batch: tuple[Any, ...]) -> None:
    """Make the variables of optimizer and metrics without an operation, as Keras' own fit does on jax.

    Args:
        network: A compiled network.
        batch: `(x, y[, sample_weight])` of one row or more.
    """
    network._symbolic_build(data_batch=batch)  # noqa: SLF001
