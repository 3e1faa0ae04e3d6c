"""The epochs of a training: order, steps, validation, callbacks, progress, and when to stop."""

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import keras
import numpy as np

from models.errors import Problem, SpecError, TrainingDiverged
from models.preprocessing.instances import Array
from models.spec import Spec
from models.spec.callbacks import check_monitors as find_unmeasured
from trainer.data.part import Part
from trainer.fit.checkpoints import Checkpointer, Snapshot, restore, snapshot_arrays
from trainer.fit.choose_stepper import make_stepper
from trainer.fit.keras_internals import callback_states, restore_callbacks
from trainer.fit.progress import Progress, TrainingObserver, TrainingPaused, TrainingTimedOut
from trainer.fit.stepper import Stepper, plain_numbers
from trainer.network.build import keras_object

__all__ = ["Fitted", "check_monitors", "epoch_order", "fit"]

CALL_S = 0.5
"""How long one call into the graph should take: a cancel is noticed between two."""
FIRST_CALL_STEPS = 64


@dataclass(frozen=True, slots=True)
class Fitted:
    """What fit leaves behind beside the trained network.

    Args:
        history: Loss and metrics of each epoch.
        stepper: Evaluates the trained network without tracing it again.
        is_complete: Whether the training has ended; else it pauses, and its last checkpoint has all of it.
    """

    history: list[dict[str, float]]
    stepper: Stepper
    is_complete: bool = True


def epoch_order(rows: int, *, seed: int, epoch: int, shuffle: bool) -> Array:
    """The order of the rows in an epoch, `(rows,) int64`: another one each epoch, the same in every run of a seed."""
    return np.random.default_rng([seed, epoch]).permutation(rows) if shuffle else np.arange(rows)


def fit(  # noqa: PLR0913 -- each is one thing that a training depends on
    network: Any,
    spec: Spec,
    *,
    training: Part,
    validation: Part | None,
    observer: TrainingObserver,
    checkpointer: Checkpointer | None = None,
    pause_after: int | None = None,
) -> Fitted:
    """Train a compiled network, from where an earlier attempt left it; without a checkpointer none is resumed.

    With `pause_after` it is trained for so many epochs at most, and the checkpoint of its last one is kept.

    Raises:
        TrainingDiverged: When the loss is no number any more.
        Interruption: When the observer says so.
        TrainingTimedOut: When `fit.timeout_s` is over.
        DataChanged: When the earlier attempt had other data.
    """
    check_monitors(spec, validated=validation is not None)
    loop = _Epochs(
        network, spec, make_stepper(network, training, spec.fit.batch_size), training, validation, observer,
        _callback_list(network, spec), checkpointer, pause_after,
    )  # fmt: skip
    loop.run()
    return Fitted(loop.history, loop.stepper, loop.is_complete)


def check_monitors(spec: Spec, *, validated: bool) -> None:
    """Raise a `SpecError` that names the callbacks which watch what is not measured."""
    problems: list[Problem] = []
    find_unmeasured(spec.fit.callbacks, spec.compile.metrics, problems, validated=validated)
    if problems:
        raise SpecError(problems)


def _callback_list(network: Any, spec: Spec) -> Any:
    callbacks = [keras_object("callbacks", callback) for callback in spec.fit.callbacks]
    return keras.callbacks.CallbackList([*callbacks, LastEpoch()], model=network, epochs=spec.fit.epochs)


class LastEpoch(keras.callbacks.Callback):  # type: ignore[misc]
    """Keeps an epoch's metrics with what the callbacks before it added, as the learning rate."""

    logs: Mapping[str, float] = MappingProxyType({})

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:  # noqa: ARG002 -- Keras' signature
        """Keep them."""
        self.logs = dict(logs or {})


@dataclass(slots=True)
class _Epochs:
    """The state of a training between two calls into the graph."""

    network: Any
    spec: Spec
    stepper: Stepper
    training: Part
    validation: Part | None
    observer: TrainingObserver
    callbacks: Any
    checkpointer: Checkpointer | None
    pause_after: int | None = None
    history: list[dict[str, float]] = field(default_factory=list)
    rows_done: int = 0
    call_steps: int = FIRST_CALL_STEPS
    started_s: float = 0.0

    def run(self) -> None:
        """Train to the last epoch, or until a callback says stop; or pause."""
        self.network.stop_training = False
        self.callbacks.on_train_begin()
        self._resume()
        began = len(self.history)
        while not self.is_complete and not self._pauses:
            self._run_epoch(len(self.history))
        if self.pause_after is not None and self.checkpointer is not None and len(self.history) > began:
            self.checkpointer.keep(self._snapshot())
        if not self.is_complete:
            return
        self.network.optimizer.finalize_variable_values(self.network.trainable_weights)
        self.callbacks.on_train_end(self.history[-1])

    @property
    def is_complete(self) -> bool:
        """Whether there is no epoch left to train."""
        return bool(self.network.stop_training) or len(self.history) >= self.spec.fit.epochs

    @property
    def _pauses(self) -> bool:
        return self.pause_after is not None and len(self.history) >= self.pause_after

    @property
    def spent_s(self) -> float:
        """Seconds of training so far, those of earlier attempts included."""
        return time.monotonic() - self.started_s

    def _resume(self) -> None:
        snapshot = self.checkpointer.load() if self.checkpointer is not None else None
        self.started_s = time.monotonic()
        if snapshot is not None:
            self.started_s -= snapshot.spent_s
            self.history, self.rows_done = snapshot.history, snapshot.rows_done
            restore(self.network, snapshot.variables)
            restore_callbacks(self.callbacks.callbacks, snapshot.callbacks)
            self.network.stop_training = snapshot.is_complete

    def _snapshot(self) -> Snapshot:
        arrays, states = snapshot_arrays(self.network), callback_states(self.callbacks.callbacks)
        return Snapshot(self.rows_done, self.spent_s, self.history, arrays, states, self.is_complete)

    def _save_checkpoint(self) -> None:
        if self.checkpointer is not None:
            self.checkpointer.save(self._snapshot())

    def _run_epoch(self, epoch: int) -> None:
        started_s = time.monotonic()
        logs = self._train(epoch)
        if not math.isfinite(logs["loss"]):
            raise TrainingDiverged(epoch=epoch + 1)
        logs |= self._validate()
        self.callbacks.on_epoch_end(epoch, logs)
        logs = plain_numbers(self.callbacks.callbacks[-1].logs)
        self.history.append(logs)
        stopped = self._why_stopped(epoch)
        eta_s = 0.0 if stopped else (time.monotonic() - started_s) * (self.spec.fit.epochs - epoch - 1)
        self.observer.on_epoch(Progress(epoch + 1, self.spec.fit.epochs, logs, eta_s, stopped))

    def _why_stopped(self, epoch: int) -> str:
        """That a callback stopped the training before its last epoch, in one sentence; else nothing."""
        if not self.network.stop_training or epoch + 1 == self.spec.fit.epochs:
            return ""
        sentence = f"stopped after epoch {epoch + 1} of {self.spec.fit.epochs}"
        for callback in self.callbacks.callbacks:
            if isinstance(callback, keras.callbacks.EarlyStopping) and callback.wait >= callback.patience:
                epochs = "an epoch" if callback.patience <= 1 else f"{callback.patience} epochs"
                return f"{sentence}: {callback.monitor} did not improve for {epochs}"
        return sentence

    def _train(self, epoch: int) -> dict[str, float]:
        """Train on the rows of an epoch that were not trained on yet."""
        if not self.rows_done:
            self.callbacks.on_epoch_begin(epoch)
            self.stepper.reset()
        order = epoch_order(self.training.rows, seed=self.spec.seed, epoch=epoch, shuffle=self.spec.fit.shuffle)
        logs: dict[str, float] = {}
        for rows in self._calls(order):
            logs = self.stepper.train(rows)
            self.rows_done += len(rows)
            self._check(epoch)
        self.rows_done = 0
        return logs or plain_numbers(self.network.get_metrics_result())

    def _check(self, epoch: int) -> None:
        """Between two calls: stop when that is asked for or time is up, and save a checkpoint when one is due."""
        try:
            self.observer.check()
        except TrainingPaused:
            self._save_checkpoint()
            raise
        timeout_s = self.spec.fit.timeout_s
        if timeout_s is not None and self.spent_s > timeout_s:
            raise TrainingTimedOut(timeout_s=timeout_s, epoch=epoch + 1)
        if self.checkpointer is not None and self.checkpointer.is_due():
            self._save_checkpoint()

    def _calls(self, order: Array) -> Iterator[Array]:
        """The rows of whole batches that one call trains on, so many that it takes about CALL_S."""
        batch_size = self.spec.fit.batch_size
        while self.rows_done < len(order):
            rows = order[self.rows_done : self.rows_done + self.call_steps * batch_size]
            started_s = time.monotonic()
            yield rows
            step_s = (time.monotonic() - started_s) / math.ceil(len(rows) / batch_size)
            self.call_steps = max(1, min(self.call_steps * 2, int(CALL_S / max(step_s, 1e-6))))

    def _validate(self) -> dict[str, float]:
        if self.validation is None:
            return {}
        self.callbacks.on_test_begin()
        logs = self.stepper.evaluate(self.validation)
        self.callbacks.on_test_end(logs)
        return {f"val_{name}": value for name, value in logs.items()}
