"""What must fit together between the parts of a spec: head and loss, gate and metrics, shapes."""

from collections.abc import Mapping, Sequence
from typing import Any

from models.errors import Problem
from models.keras_catalog.objects import ObjectSpec
from models.keras_catalog.shape_inference import infer_shapes
from models.spec.callbacks import check_callbacks
from models.spec.head import check_head
from models.spec.keras_metrics import check_metrics, counts_rows, higher_is_better, measured_names
from models.spec.target import check_target
from models.spec.threshold import check_threshold

__all__ = ["check_output", "check_rules"]


def check_rules(parts: Mapping[str, Any], problems: list[Problem]) -> None:
    """Check the parts against each other; a part that was wrong by itself is missing here and is passed over.

    Args:
        parts: Key → checked value.
        problems: Takes every problem that is found.
    """
    _check_network(parts.get("layers"), parts.get("compile"), parts.get("input_shape"), problems)
    fit, compiled, data = parts.get("fit"), parts.get("compile"), parts.get("data")
    if fit is not None and compiled is not None:
        validated = data is None or data.is_validated
        check_callbacks(fit.callbacks, compiled.optimizer, compiled.metrics, problems, validated=validated)
    _check_fractions(parts.get("data"), problems)
    _check_gate(parts.get("gate"), parts.get("compile"), problems)
    _check_reshape(parts.get("preprocessing"), parts.get("input_shape"), problems)
    check_target(parts.get("target"), parts.get("layers"), parts.get("compile"), problems)
    check_threshold(parts.get("threshold"), parts.get("layers"), parts.get("compile"), problems)
    _check_gpus(parts.get("resources"), parts.get("backend"), problems)
    _check_folds(fit, data, parts.get("search"), problems)


def _check_folds(fit: Any, data: Any, search: Any, problems: list[Problem]) -> None:
    """What folds and repeats are measured on, and that a search has its own."""
    if fit is None or not fit.is_cross_validated:
        return
    key = "fit.repeats" if fit.folds is None else "fit.folds"
    if search is not None:
        expected = "none beside `search`, whose trials are compared on the validation rows; it has `search.repeats`"
        problems.append(Problem(key, expected, str(fit.repeats if fit.folds is None else fit.folds)))
    elif fit.folds is None and data is not None and not data.is_validated:
        expected = "`fit.folds` with it, or `data.validation`, whose rows repeats are measured on"
        problems.append(Problem(key, expected, f"{fit.repeats} and no validation rows"))


def _check_network(layers: Any, compiled: Any, input_shape: Any, problems: list[Problem]) -> None:
    if layers is None:
        return
    if not layers:
        problems.append(Problem("layers", "at least one layer", "an empty list"))
        return
    if input_shape is not None:
        check_output(layers, tuple(input_shape), problems)
    if compiled is not None:
        head = check_head(layers, compiled.loss, problems)
        if head is not None:
            check_metrics(head, compiled.metrics, problems)


def check_output(layers: Sequence[ObjectSpec], input_shape: tuple[int, ...], problems: list[Problem]) -> None:
    """Check that every layer can take what comes in, and that one row of numbers comes out.

    Args:
        layers: In order.
        input_shape: What the first layer takes, without the samples axis.
        problems: Takes what does not fit.
    """
    output = infer_shapes(layers, input_shape, problems)
    if output is not None and len(output) != 1:
        path = f"layers.{len(layers) - 1}.{layers[-1].class_name}"
        received = f"the shape {list(output)} for an instance of shape {list(input_shape)}"
        problems.append(Problem(path, "one row of numbers for each instance; is a Flatten missing?", received))


def _check_fractions(data: Any, problems: list[Problem]) -> None:
    shares = [data.validation, data.test] if data is not None else []
    total = sum(share for share in shares if isinstance(share, float))
    if total >= 1:
        problems.append(Problem("data", "`validation` and `test` that leave rows to train on", f"{total:g} of all"))


def _check_gate(gate: Any, compiled: Any, problems: list[Problem]) -> None:
    if gate is None:
        return
    if gate.minimum is None and gate.not_worse_than is None:
        problems.append(Problem("gate", "`minimum` or `not_worse_than`, or both", "neither"))
    if compiled is None:
        return
    names = measured_names(compiled.metrics)
    if gate.metric not in names:
        problems.append(Problem("gate.metric", f"`loss` or one of compile.metrics: {', '.join(names)}", gate.metric))
    elif gate.minimum is not None and not higher_is_better(gate.metric, compiled.metrics):
        expected = "a metric of which more is better, or `not_worse_than` instead"
        problems.append(Problem("gate.minimum", expected, gate.metric))
    elif gate.per_class and not counts_rows(gate.metric, compiled.metrics):
        expected = "`loss` or an accuracy: the rows of one class alone have no other metric"
        problems.append(Problem("gate.per_class", expected, gate.metric))


def _check_reshape(steps: Any, input_shape: Any, problems: list[Problem]) -> None:
    reshapes = [(index, step) for index, step in enumerate(steps or ()) if step.name == "reshape"]
    for index, step in reshapes:
        if list(step.arguments.get("shape", ())).count(-1) > 1:
            problems.append(Problem(f"preprocessing.{index}.reshape", "-1 at most once", str(step.arguments["shape"])))
    if not reshapes or input_shape is None:
        return
    index, last = reshapes[-1]
    shape = list(last.arguments.get("shape", ()))
    if -1 not in shape and shape != list(input_shape):
        expected = f"what preprocessing.{index}.reshape makes, {shape}"
        problems.append(Problem("input_shape", expected, str(list(input_shape))))


def _check_gpus(resources: Any, backend: Any, problems: list[Problem]) -> None:
    """Keras has replicas on tensorflow and jax, and none on torch."""
    if backend == "torch" and resources is not None and resources.gpus > 1:
        expected = "at most 1 with the backend torch; tensorflow and jax train on several"
        problems.append(Problem("resources.gpus", expected, str(resources.gpus)))
