"""What Keras' callbacks remember from epoch to epoch: in attributes that they reset when a training begins."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

__all__ = ["REMEMBERED", "recall", "remember"]

REMEMBERED: Mapping[str, tuple[str, ...]] = {
    "EarlyStopping": ("wait", "stopped_epoch", "best", "best_epoch", "best_weights"),
    "ReduceLROnPlateau": ("wait", "best", "cooldown_counter"),
    "SwapEMAWeights": ("_ema_weights_in_model",),
    "TerminateOnNaN": (),
}
"""Class name → attributes; every callback that a spec may name is here."""


def remember(callbacks: Sequence[Any]) -> list[dict[str, Any]]:
    """What each callback remembers: plain values, and lists of arrays."""
    return [
        {name: _plain(getattr(callback, name)) for name in REMEMBERED.get(type(callback).__name__, ())}
        for callback in callbacks
    ]


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def recall(callbacks: Sequence[Any], memories: Sequence[Mapping[str, Any]]) -> None:
    """Give each callback its memory again, after `on_train_begin` took it."""
    for callback, memory in zip(callbacks, memories, strict=True):
        for name, value in memory.items():
            setattr(callback, name, value)
