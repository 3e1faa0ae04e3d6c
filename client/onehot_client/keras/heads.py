"""The end of a model: which task it says, and which losses and metrics mean something for that in a spec."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from onehot_client.keras.without_word import IMPORT_INSTEAD, Problems

__all__ = ["ALIKE", "LOSSES", "METRICS", "check_head"]

_DISTANCES = ("MeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredLogarithmicError")
_LOSS_DISTANCES = (*_DISTANCES, "Huber", "LogCosh", "CosineSimilarity")
_METRIC_DISTANCES = (*_DISTANCES, "RootMeanSquaredError", "LogCoshError", "CosineSimilarity")
_YES_OR_NO = ("BinaryCrossentropy", "BinaryFocalCrossentropy", "Hinge", "SquaredHinge", "Dice", "Tversky")
_ONE_OF_MANY = ("CategoricalCrossentropy", "CategoricalFocalCrossentropy", "CategoricalHinge",
                "SparseCategoricalCrossentropy", "KLDivergence", "Dice", "Tversky")  # fmt: skip
_TWINS = ("CategoricalAccuracy", "CategoricalCrossentropy", "TopKCategoricalAccuracy", "SparseCategoricalAccuracy",
          "SparseCategoricalCrossentropy", "SparseTopKCategoricalAccuracy")  # fmt: skip
_ONE_BY_ONE = ("AUC", "Precision", "Recall", "PrecisionAtRecall", "RecallAtPrecision", "SensitivityAtSpecificity",
               "SpecificityAtSensitivity", "TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives",
               "BinaryAccuracy", "BinaryCrossentropy", "BinaryIoU", "F1Score", "FBetaScore", "Hinge",
               "SquaredHinge")  # fmt: skip

LOSSES: Mapping[str, frozenset[str]] = {
    "softmax": frozenset({*_ONE_OF_MANY, "BinaryCrossentropy", "BinaryFocalCrossentropy", *_LOSS_DISTANCES, "Poisson"}),
    **dict.fromkeys(("sigmoid", "multilabel"), frozenset({*_YES_OR_NO, *_LOSS_DISTANCES, "Poisson"})),
    "regression": frozenset(_LOSS_DISTANCES),
}
"""Task → the losses that a spec may name for it."""
METRICS: Mapping[str, frozenset[str]] = {
    "softmax": frozenset({"Accuracy", *_TWINS, *_ONE_BY_ONE, "CategoricalHinge", "KLDivergence", "OneHotIoU",
                          "OneHotMeanIoU", *_METRIC_DISTANCES, "Poisson"}),
    "sparse": frozenset({"Accuracy", *_TWINS}),
    **dict.fromkeys(("sigmoid", "multilabel"),
                    frozenset({"Accuracy", *_ONE_BY_ONE, *_METRIC_DISTANCES, "Poisson"})),
    "regression": frozenset({*_METRIC_DISTANCES, "R2Score", "PearsonCorrelation", "ConcordanceCorrelation"}),
}  # fmt: skip
"""Task → the metrics that a spec may name for it; `sparse` is softmax with a loss that takes class indices."""

SHORT: Mapping[str, str] = {"mse": "MeanSquaredError", "mae": "MeanAbsoluteError", "bce": "BinaryCrossentropy",
                            "mape": "MeanAbsolutePercentageError", "msle": "MeanSquaredLogarithmicError",
                            "kld": "KLDivergence", "rmse": "RootMeanSquaredError", "acc": "Accuracy"}  # fmt: skip
FROM_LOGITS = frozenset({"BinaryCrossentropy", "BinaryFocalCrossentropy", "CategoricalCrossentropy",
                         "CategoricalFocalCrossentropy", "SparseCategoricalCrossentropy"})  # fmt: skip
ALIKE = frozenset({"Activation", "ActivityRegularization", "AlphaDropout", "BatchNormalization", "Discretization",
                   "Dropout", "ELU", "GaussianDropout", "GaussianNoise", "GroupNormalization", "Identity",
                   "LayerNormalization", "LeakyReLU", "Masking", "Normalization", "PReLU", "RMSNormalization", "ReLU",
                   "Rescaling", "Softmax", "UnitNormalization"})  # fmt: skip
"""Layers that change values and not shapes, which may stand before the last activation."""
WEIGHTED = re.compile(r"Dense|(Separable)?Conv[123]D")
KEEPS = re.compile(r"Flatten|Reshape|Identity|(Spatial)?Dropout([123]D)?|Global(Average|Max)Pooling[123]D")


def check_head(layers: Sequence[Any], compiled: Mapping[str, Any], problems: Problems) -> None:
    """Check that the layers end in what a spec has a task for, and that loss and metrics are ones of that task.

    Args:
        layers: As the spec writes them.
        compiled: Loss and metrics, likewise.
        problems: Takes every part without a word.
    """
    end = _end(layers)
    place = f"layers.{len(layers) - 1}"
    loss, arguments = _split(compiled.get("loss"))
    if end is None:
        problems.add(place, f"an end without a Dense or convolution whose outputs are answers; {IMPORT_INSTEAD}")
        return
    activation, units = end
    from_logits = bool(arguments.get("from_logits"))
    if from_logits and activation != "linear":
        problems.add("loss.from_logits", f"true behind {activation}, which makes probabilities already")
        return
    task = _task(activation, units, loss if from_logits else None)
    if task is None:
        problems.add(place, f"the activation {activation} on {units} at the end; a spec has softmax, sigmoid or none")
        return
    _check_names(task, loss, compiled.get("metrics") or (), problems)


def _check_names(task: str, loss: str, metrics: Sequence[Any], problems: Problems) -> None:
    known = {_folded(name): name for name in LOSSES[task]}
    name = SHORT.get(loss, known.get(_folded(loss)))
    if loss and name not in LOSSES[task]:
        problems.add("loss", f"{loss} behind an end of the task {task}")
    measured = METRICS["sparse" if name == "SparseCategoricalCrossentropy" else task]
    folded = {_folded(one) for one in measured}
    for metric in metrics:
        given, _ = _split(metric)
        if _folded(SHORT.get(given, given)) not in folded:
            problems.add(f"metrics.{given}", f"a metric that means nothing for the task {task} with the loss {loss}")


def _task(activation: str, units: int, logits_loss: str | None) -> str | None:
    if logits_loss is not None:
        activation = "sigmoid" if _folded(logits_loss).startswith("binary") else "softmax"
    if activation == "softmax":
        return "softmax" if units > 1 else None
    return {"sigmoid": "sigmoid" if units == 1 else "multilabel", "linear": "regression"}.get(activation)


def _end(layers: Sequence[Any]) -> tuple[str, int] | None:
    """The activation that the last layer with weights has, by itself or by layers behind it, and its units."""
    behind: str | None = None
    for layer in reversed(layers):
        name, arguments = _split(layer)
        if WEIGHTED.fullmatch(name):
            own, _ = _split(arguments.get("activation", "linear"))
            return behind or own, int(arguments.get("units", arguments.get("filters", 0)))
        if name in ("Softmax", "Activation"):
            behind = behind or _split(arguments.get("activation", "softmax"))[0]
        elif name == "Rescaling":
            behind = behind or "linear"  # what it makes of probabilities is none
        elif not KEEPS.fullmatch(name) and not (behind and name in ALIKE):
            return None
    return None


def _split(document: Any) -> tuple[str, Mapping[str, Any]]:
    """Name and arguments of an object as a spec writes it."""
    if isinstance(document, Mapping):
        ((name, arguments),) = document.items()
        return str(name), arguments
    return str(document or ""), {}


def _folded(name: str) -> str:
    return name.replace("_", "").lower()
