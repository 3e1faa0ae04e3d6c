"""Metrics by head: which mean something for it, what a name means for it, and which way is better."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from models.errors import Problem
from models.keras_catalog.objects import ObjectSpec
from models.spec.head import Head

__all__ = [
    "METRICS",
    "UNDIRECTED",
    "check_metrics",
    "counts_rows",
    "higher_is_better",
    "measured_names",
    "metric_for",
    "metric_name",
]

LOSS = "loss"
SPARSE = "sparse"

ONE_BY_ONE = ("AUC", "Precision", "Recall", "PrecisionAtRecall", "RecallAtPrecision", "SensitivityAtSpecificity",
              "SpecificityAtSensitivity", "TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives",
              "BinaryAccuracy", "BinaryCrossentropy", "BinaryIoU", "F1Score", "FBetaScore", "Hinge",
              "SquaredHinge")  # fmt: skip
"""Metrics of probabilities, each by itself."""

SPARSE_TWINS: Mapping[str, str] = {
    "CategoricalAccuracy": "SparseCategoricalAccuracy",
    "CategoricalCrossentropy": "SparseCategoricalCrossentropy",
    "TopKCategoricalAccuracy": "SparseTopKCategoricalAccuracy",
}
"""Metrics on one-hot targets → the same on class indices; each is taken for the other."""
TWINS = (*SPARSE_TWINS, *SPARSE_TWINS.values())

DISTANCES = ("MeanSquaredError", "RootMeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError",
             "MeanSquaredLogarithmicError", "LogCoshError", "CosineSimilarity")  # fmt: skip

METRICS: Mapping[str, Sequence[str]] = {
    "softmax": ("Accuracy", *TWINS, *ONE_BY_ONE, "CategoricalHinge", "KLDivergence", "OneHotIoU", "OneHotMeanIoU",
                *DISTANCES, "Poisson"),
    SPARSE: ("Accuracy", *TWINS),
    "sigmoid": ("Accuracy", *ONE_BY_ONE, *DISTANCES, "Poisson"),
    "multilabel": ("Accuracy", *ONE_BY_ONE, *DISTANCES, "Poisson"),
    "regression": (*DISTANCES, "R2Score", "PearsonCorrelation", "ConcordanceCorrelation"),
}  # fmt: skip
"""Task → the metrics that mean something for it; `sparse` is softmax with a loss that takes class indices."""

AVERAGED = frozenset({"F1Score", "FBetaScore"})
"""Metrics that Keras gives as one value for each class, unless `average` is given."""

THRESHOLD_ARGUMENTS: Mapping[str, str] = {
    **dict.fromkeys(("BinaryAccuracy", "BinaryIoU", "F1Score", "FBetaScore"), "threshold"),
    **dict.fromkeys(("Precision", "Recall", "TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives"),
                    "thresholds"),
}  # fmt: skip
"""Metric → the argument with the probability above which it takes a class for the predicted one."""

UNDIRECTED = frozenset({"TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives"})
"""Metrics of which Keras does not know whether more of them is better."""
LOWER_IS_BETTER = re.compile(r"Crossentropy|Error|Hinge|Divergence|Poisson|False(Negatives|Positives)")


def metric_name(metric: ObjectSpec) -> str:
    """The name under which Keras reports a metric."""
    name = metric.arguments.get("name")
    if name is not None:
        return str(name)
    words = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", metric.class_name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()


def measured_names(metrics: Sequence[ObjectSpec]) -> list[str]:
    """The measured names of each part: the loss and every metric."""
    return [LOSS, *(metric_name(metric) for metric in metrics)]


def higher_is_better(name: str, metrics: Sequence[ObjectSpec]) -> bool:
    """Whether more of a measured name is better: not of losses and errors."""
    classes = [metric.class_name for metric in metrics if metric_name(metric) == name]
    return bool(classes) and not LOWER_IS_BETTER.search(classes[0])


def counts_rows(name: str, metrics: Sequence[ObjectSpec]) -> bool:
    """Whether a measured name is a mean over rows that means something for the rows of one class alone."""
    classes = [metric.class_name for metric in metrics if metric_name(metric) == name]
    return not classes or classes[0].endswith("Accuracy")


def metric_for(head: Head, metric: ObjectSpec, *, exclusive: bool = True, threshold: float | None = None) -> ObjectSpec:
    """The metric that a spec's name means for a head, under the name that the spec gives it.

    Args:
        head: What comes out of the network.
        metric: As it stands in the spec, one of the head's `METRICS`.
        exclusive: Whether each row belongs to exactly one class.
        threshold: The spec's own, where it is one number; a metric's own argument comes before it.
    """
    class_name = _class_for(head, metric.class_name, exclusive=exclusive)
    implied: dict[str, Any] = {"average": "macro"} if class_name in AVERAGED else {}
    if class_name in AVERAGED and head.task != "softmax":
        # Without a threshold Keras takes the largest output for a hit, and one unit alone is always that.
        implied["threshold"] = 0.5
    if threshold is not None and class_name in THRESHOLD_ARGUMENTS and "top_k" not in metric.arguments:
        implied[THRESHOLD_ARGUMENTS[class_name]] = threshold
    given = _of_probabilities(metric.arguments) if head.added_activation else metric.arguments
    return replace(metric, class_name=class_name, arguments={**implied, **given, "name": metric_name(metric)})


def _of_probabilities(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """A metric's arguments for logits as they are for the probabilities that are made of them."""
    kept = {name: value for name, value in arguments.items() if name != "from_logits"}
    return kept | {name: _probabilities(kept[name]) for name in ("threshold", "thresholds") if name in kept}


def _probabilities(logits: Any) -> Any:
    if isinstance(logits, list | tuple):
        return [_probabilities(one) for one in logits]
    return 1 / (1 + math.exp(-logits)) if logits > -700 else 0.0


def _class_for(head: Head, class_name: str, *, exclusive: bool) -> str:
    if class_name == "Accuracy":
        class_name = "CategoricalAccuracy" if exclusive and head.task != "sigmoid" else "BinaryAccuracy"
    if head.sparse:
        return SPARSE_TWINS.get(class_name, class_name)
    return {sparse: twin for twin, sparse in SPARSE_TWINS.items()}.get(class_name, class_name)


def check_metrics(head: Head, metrics: Sequence[ObjectSpec], problems: list[Problem]) -> None:
    """Check that every metric means something for the head, and that no two have one name.

    Args:
        head: What comes out of the network.
        metrics: As `compile.metrics` names them.
        problems: Takes what does not fit.
    """
    task = SPARSE if head.sparse else head.task
    fitting = METRICS[task]
    for index, metric in enumerate(metrics):
        if metric.class_name not in fitting:
            expected = f"a metric for a {task} head of {head.units}: {', '.join(fitting)}"
            hint = "; the loss CategoricalCrossentropy allows it" if _needs_one_hot(head, metric) else ""
            problems.append(Problem(f"compile.metrics.{index}", expected, f"{metric.class_name}{hint}"))
        elif metric.arguments.get("from_logits") and head.added_activation is None:
            expected = "false: the network gives probabilities; true goes with a loss that has it, too"
            problems.append(Problem(f"compile.metrics.{index}.{metric.class_name}.from_logits", expected, "True"))
    _check_names(metrics, problems)


def _needs_one_hot(head: Head, metric: ObjectSpec) -> bool:
    return head.sparse and metric.class_name in METRICS[head.task]


def _check_names(metrics: Sequence[ObjectSpec], problems: list[Problem]) -> None:
    names = measured_names(metrics)
    for index, name in enumerate(names[1:]):
        if name in names[: index + 1]:
            expected = "a `name` that nothing measured before it has"
            problems.append(Problem(f"compile.metrics.{index}", expected, repr(name)))
