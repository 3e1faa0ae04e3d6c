"""The progress of a training that runs elsewhere, as Keras shows one that runs here."""

import sys
from collections.abc import Mapping
from typing import Any

from onehot_client.keras.runtime import load_keras

__all__ = ["EpochDisplay"]


class EpochDisplay:
    """Shows each epoch as Keras' own `fit` does, and keeps what was measured.

    Args:
        verbose: As for `fit`: 0 for nothing, 1 or `auto` for a bar, 2 for a line.
        steps: How many batches an epoch has.
        epochs: How many epochs were asked for.
    """

    def __init__(self, verbose: int | str, *, steps: int, epochs: int) -> None:
        self._verbose = 1 if verbose == "auto" else int(verbose)
        self._steps = steps
        self._epochs = epochs
        self._bar: Any = None
        self.history: dict[str, list[float]] = {}

    def begin(self) -> None:
        """Start to measure the time of the first epoch."""
        self._bar = self._new_bar()

    def say(self, text: str) -> None:
        """Print one line, where anything is shown."""
        if self._verbose:
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()

    def show(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Show an epoch, counted from 1, at its end."""
        for name, value in metrics.items():
            self.history.setdefault(name, []).append(value)
        self.say(f"Epoch {epoch}/{self._epochs}")
        ordered = sorted(metrics.items(), key=lambda item: item[0].startswith("val_"))
        if self._verbose:
            bar = self._bar or self._new_bar()
            bar.update(self._steps, values=ordered, finalize=True)
        self._bar = self._new_bar()

    def _new_bar(self) -> Any:
        """Keras' own, one for each epoch: of one value it shows the mean, which is that value."""
        return load_keras().utils.Progbar(self._steps, verbose=self._verbose or 1)

    def keras_history(self, model: Any) -> Any:
        """What was measured, as `fit` returns it."""
        history = load_keras().callbacks.History()
        history.set_model(model)
        history.history = dict(self.history)
        history.epoch = list(range(max(map(len, self.history.values()), default=0)))
        return history
