"""Training on the jax backend: many steps are one call of one compiled function, with the data already there."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from models.preprocessing.instances import Array
from trainer.backends.jax_replicas import on_replicas
from trainer.data.part import Part
from trainer.fit.keras_internals import build_symbolically
from trainer.fit.stepper import evaluation_batch, plain_numbers, predict

__all__ = ["JaxStepper"]

State = tuple[Any, ...]
"""Values of the trainable variables, the others, the optimizer's and the metrics', as Keras' jax trainer has them."""
Run = Callable[..., tuple[dict[str, Any], State]]
SMALL_STEP_FLOPS = 100_000
"""A smaller step computes about as fast without the optimizer's work, and is compiled much sooner."""
QUICK: tuple[dict[str, Any], ...] = (
    {"xla_cpu_use_fusion_emitters": False, "xla_backend_optimization_level": 0},
    {"xla_backend_optimization_level": 0},
)
"""Options that are tried one after the other: not every version of jax knows every option."""


class JaxStepper:
    """Runs Keras' own `train_step` and `test_step` in loops inside `jax.jit`; the data stays on the device."""

    def __init__(self, network: Any, training: Part, batch_size: int) -> None:
        self.network = network
        self.predict = partial(predict, network)
        self._batch_size = batch_size
        self._data = _on_device(training)
        # Without an operation: each would be compiled for itself.
        build_symbolically(network, tuple(np.asarray(array[:1]) for array in training.arrays()))
        network.reset_metrics()
        self._fresh = [variable.value for variable in network.metrics_variables]
        self._order = np.zeros(training.rows, np.int32)
        self._train = _loop(network, on_replicas(network.train_step))
        self._test = _loop(network, on_replicas(network.test_step))

    def reset(self) -> None:
        """Give the metrics the values that they had before the first step."""
        _assign((self.network.metrics_variables,), (self._fresh,))

    def train(self, rows: Array) -> dict[str, float]:
        """Take a step for each batch of `rows`, `(chosen,) int64`; loss and metrics since their last reset."""
        logs, state = self._run(self._train, self._state(), self._data, rows, self._batch_size)
        _assign(self._variables(), state)
        return plain_numbers(logs)

    def evaluate(self, part: Part) -> dict[str, float]:
        """Loss and metrics of a part."""
        self.reset()
        trainable, others, _, metrics = self._state()
        rows = np.arange(part.rows, dtype=np.int32)
        logs, state = self._run(
            self._test, (trainable, others, metrics), _on_device(part), rows, evaluation_batch(self.network), rows
        )
        _assign((self.network.metrics_variables,), state[-1:])
        return plain_numbers(logs)

    def _run(
        self, loop: Run, state: State, data: State, rows: Array, size: int, order: Array | None = None
    ) -> tuple[dict[str, Any], State]:  # fmt: skip
        """Whole batches in one call, what is left in another: each is compiled once, however many rows there are."""
        order = self._order if order is None else order
        order[: len(rows)] = rows
        steps, rest = divmod(len(rows), size)
        logs: dict[str, Any] = {}
        if steps:
            logs, state = loop(state, data, order, steps, size=size)
        if rest:
            logs, state = loop(state, data, rows[-rest:].astype(np.int32), 1, size=rest)
        return logs, state

    def _variables(self) -> tuple[list[Any], ...]:
        network = self.network
        return (
            network.trainable_variables, network.non_trainable_variables, network.optimizer.variables,
            network.metrics_variables,
        )  # fmt: skip

    def _state(self) -> State:
        return tuple([variable.value for variable in group] for group in self._variables())


def _on_device(part: Part) -> State:
    # `jnp.asarray` would compile a copy.
    return tuple(jax.device_put(np.asarray(array[:])) for array in part.arrays())


def _assign(groups: tuple[list[Any], ...], state: State) -> None:
    for variables, values in zip(groups, state, strict=True):
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)


def _loop(network: Any, step: Callable[..., tuple[Any, State]]) -> Run:
    def run(state: State, data: State, order: Any, steps: Any, *, size: int) -> tuple[dict[str, Any], State]:
        def body(index: Any, state: State) -> State:
            rows = jax.lax.dynamic_slice(order, (index * size,), (size,))
            _, after = step(state, tuple(jnp.take(array, rows, axis=0) for array in data))
            return after

        state = jax.lax.fori_loop(0, steps, body, state)
        return _metrics(network, state[-1]), state

    jitted = jax.jit(run, static_argnames="size")
    alone_on_cpu = jax.default_backend() == "cpu" and keras.distribution.distribution() is None
    return _compiled_once(jitted) if alone_on_cpu else jitted


def _compiled_once(jitted: Any) -> Run:
    """Compiled for each size of batches, order and data, as `jax.jit` does it, but with options that suit the work."""
    ready: dict[tuple[int, ...], Any] = {}

    def run(state: State, data: State, order: Any, steps: int, *, size: int) -> tuple[dict[str, Any], State]:
        sizes = (size, len(order), len(data[0]), len(data))
        if sizes not in ready:
            lowered = jitted.lower(state, data, order, steps, size=size)
            ready[sizes] = _compiled(lowered)
        result: tuple[dict[str, Any], State] = ready[sizes](state, data, order, steps)
        return result

    return run


def _compiled(lowered: Any) -> Any:
    """Compile, without optimization where the step computes sooner than that takes."""
    flops = (lowered.cost_analysis() or {}).get("flops", SMALL_STEP_FLOPS)
    for options in QUICK if flops < SMALL_STEP_FLOPS else ():
        with suppress(jax.errors.JaxRuntimeError):  # it names the option that it does not know
            return lowered.compile(compiler_options=options)
    return lowered.compile()


def _metrics(network: Any, values: Any) -> dict[str, Any]:
    """Loss and metrics as these values of their variables say."""
    mapping = list(zip(network.metrics_variables, values, strict=True))
    with keras.StatelessScope(state_mapping=mapping):
        return dict(network.get_metrics_result())
