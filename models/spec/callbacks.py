"""Callbacks that need something of the rest of the spec: a measured name to watch, a learning rate to change."""

from collections.abc import Mapping, Sequence

from models.errors import Problem
from models.keras_catalog.objects import ObjectSpec
from models.spec.keras_metrics import UNDIRECTED, measured_names, metric_name

__all__ = ["check_callbacks", "check_monitors"]

MONITORING = frozenset({"EarlyStopping", "ReduceLROnPlateau"})


def check_callbacks(
    callbacks: Sequence[ObjectSpec], optimizer: ObjectSpec, metrics: Sequence[ObjectSpec], problems: list[Problem],
    *, validated: bool = True,
) -> None:  # fmt: skip
    """Check callbacks against optimizer and metrics.

    Args:
        callbacks: As `fit.callbacks` names them.
        optimizer: As `compile.optimizer` names it.
        metrics: As `compile.metrics` names them.
        problems: Takes what does not fit.
        validated: Whether there are validation rows.
    """
    check_monitors(callbacks, metrics, problems, validated=validated)
    for index, callback in enumerate(callbacks):
        path = f"fit.callbacks.{index}.{callback.class_name}"
        rate = optimizer.arguments.get("learning_rate")
        if callback.class_name == "ReduceLROnPlateau" and isinstance(rate, Mapping):
            expected = "an optimizer whose learning_rate is a number: a schedule sets it by itself"
            problems.append(Problem(path, expected, f"compile.optimizer with {next(iter(rate))}"))
        if callback.class_name == "SwapEMAWeights" and not optimizer.arguments.get("use_ema"):
            problems.append(Problem(path, "an optimizer with `use_ema: true`", str(optimizer.document)))


def check_monitors(
    callbacks: Sequence[ObjectSpec], metrics: Sequence[ObjectSpec], problems: list[Problem], *, validated: bool
) -> None:
    """Check that what callbacks watch is measured, and that it is known which way is better.

    Args:
        callbacks: As `fit.callbacks` names them.
        metrics: As `compile.metrics` names them.
        problems: Takes what does not fit.
        validated: Whether there are validation rows.
    """
    measured = measured_names(metrics)
    measured += [f"val_{name}" for name in measured] if validated else []
    for index, callback in enumerate(callbacks):
        if callback.class_name not in MONITORING:
            continue
        path = f"fit.callbacks.{index}.{callback.class_name}"
        monitor = str(callback.arguments.get("monitor", "val_loss"))
        if monitor not in measured:
            problems.append(Problem(f"{path}.monitor", f"one of {', '.join(measured)}", repr(monitor)))
        elif callback.arguments.get("mode", "auto") == "auto" and _is_undirected(monitor, metrics):
            expected = f"min or max: Keras does not know which {monitor} is better"
            problems.append(Problem(f"{path}.mode", expected, "auto"))


def _is_undirected(monitor: str, metrics: Sequence[ObjectSpec]) -> bool:
    name = monitor.removeprefix("val_")
    return any(metric.class_name in UNDIRECTED and metric_name(metric) == name for metric in metrics)
