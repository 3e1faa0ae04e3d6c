"""The head of a network: what its last layer says about the task, and which losses fit it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.errors import Problem
from models.keras_catalog.objects import ObjectSpec
from models.keras_catalog.shape_rules import ALIKE
from models.names import TASKS

__all__ = ["FROM_LOGITS", "LOSSES", "MULTILABEL", "REGRESSION", "SIGMOID", "SOFTMAX", "Head", "check_head", "find_head"]

SOFTMAX, SIGMOID, MULTILABEL, REGRESSION = TASKS
SPARSE_LOSS = "SparseCategoricalCrossentropy"

ONE_OF_MANY = ("CategoricalCrossentropy", "CategoricalFocalCrossentropy", "CategoricalHinge",
               "SparseCategoricalCrossentropy", "KLDivergence", "Dice", "Tversky")  # fmt: skip
YES_OR_NO = ("BinaryCrossentropy", "BinaryFocalCrossentropy", "Hinge", "SquaredHinge", "Dice", "Tversky")
DISTANCES = ("MeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredLogarithmicError",
             "Huber", "LogCosh", "CosineSimilarity")  # fmt: skip

LOSSES: Mapping[str, Sequence[str]] = {
    SOFTMAX: (*ONE_OF_MANY, "BinaryCrossentropy", "BinaryFocalCrossentropy", *DISTANCES, "Poisson"),
    SIGMOID: (*YES_OR_NO, *DISTANCES, "Poisson"),
    MULTILABEL: (*YES_OR_NO, *DISTANCES, "Poisson"),
    REGRESSION: DISTANCES,
}
"""Task → the losses that mean something for it; Poisson takes the logarithm of what the network puts out."""

FROM_LOGITS: Mapping[str, str] = {
    "BinaryCrossentropy": "sigmoid", "BinaryFocalCrossentropy": "sigmoid", "CategoricalCrossentropy": "softmax",
    "CategoricalFocalCrossentropy": "softmax", "SparseCategoricalCrossentropy": "softmax",
}  # fmt: skip
"""Losses that may take logits → the activation that makes probabilities of them."""

CONVOLUTION = re.compile(r"(Separable)?Conv[123]D")
KEEPS_VALUES = re.compile(r"Flatten|Reshape|Identity|(Spatial)?Dropout([123]D)?|Global(Average|Max)Pooling[123]D")


@dataclass(frozen=True, slots=True)
class Head:
    """What comes out of a network.

    Args:
        task: `softmax` (one of n classes), `sigmoid` (one of two), `multilabel` (each of n), `regression`.
        units: How many numbers for one instance.
        sparse: Whether loss and metrics take class indices instead of one-hot rows.
        added_activation: What makes probabilities of the logits that the last layer gives: `softmax`, `sigmoid`, or
            nothing where the layers do that themselves.
    """

    task: str
    units: int
    sparse: bool = False
    added_activation: str | None = None

    def loss(self, spec: ObjectSpec) -> ObjectSpec:
        """The loss that a spec names, as it takes what the whole network gives: probabilities, never logits."""
        if self.added_activation is None:
            return spec
        return ObjectSpec(spec.class_name, {**spec.arguments, "from_logits": False})


def find_head(layers: Sequence[ObjectSpec], loss: ObjectSpec | None = None) -> Head | None:
    """The head that the last layers make, or None when they make none that we know.

    Args:
        layers: In order.
        loss: As `compile.loss` names it; it says whether targets are class indices, and whether the last layer gives
            logits.
    """
    units, activation = _last_weights(layers)
    if units is None:
        return None
    added = _activation_of_logits(loss) if activation == "linear" else None
    return _head(units, added or activation, loss, added)


def _activation_of_logits(loss: ObjectSpec | None) -> str | None:
    """The activation that a loss which takes logits applies to them."""
    takes_logits = loss is not None and loss.arguments.get("from_logits")
    return FROM_LOGITS.get(loss.class_name) if loss is not None and takes_logits else None


def _head(units: int, activation: str, loss: ObjectSpec | None, added: str | None) -> Head | None:
    if activation == "softmax":
        sparse = loss is not None and loss.class_name == SPARSE_LOSS
        return Head(SOFTMAX, units, sparse, added) if units > 1 else None
    if activation == "sigmoid":
        return Head(SIGMOID if units == 1 else MULTILABEL, units, added_activation=added)
    if activation == "linear":
        return Head(REGRESSION, units)
    return None


def _last_weights(layers: Sequence[ObjectSpec]) -> tuple[int | None, str]:
    """Units of the last layer with weights, and the activation applied to them, in place or by layers after it."""
    following: str | None = None
    for layer in reversed(layers):
        name = layer.class_name
        if name == "Dense" or CONVOLUTION.fullmatch(name):
            own = _function(layer.arguments.get("activation", "linear"))
            return int(layer.arguments.get("units", layer.arguments.get("filters", 0))), following or own
        if name == "Softmax":
            following = following or "softmax"
        elif name == "Activation":
            following = following or _function(layer.arguments["activation"])
        elif name == "Rescaling":
            following = following or "linear"  # what it makes of probabilities is none
        elif not KEEPS_VALUES.fullmatch(name) and not (following and name in ALIKE):
            break
    return None, following or "linear"


def _function(activation: Any) -> str:
    """The name of an activation, with or without arguments."""
    return ObjectSpec.from_document(activation).class_name


def check_head(layers: Sequence[ObjectSpec], loss: ObjectSpec, problems: list[Problem]) -> Head | None:
    """Check that the network ends in a head, and that the loss fits it.

    Args:
        layers: In order, each right by itself.
        loss: As `compile.loss` names it.
        problems: Takes what does not fit.

    Returns:
        The head, or None when there is none.
    """
    head = find_head(layers, loss)
    path = f"layers.{len(layers) - 1}.{layers[-1].class_name}"
    if head is None:
        expected = "a last layer of 2 or more units with softmax, or of 1 or more with sigmoid or linear activation"
        problems.append(Problem(path, expected, str(layers[-1].document)))
        return None
    if loss.class_name not in LOSSES[head.task]:
        expected = f"a loss for a {head.task} head of {head.units}: {', '.join(LOSSES[head.task])}"
        problems.append(Problem("compile.loss", expected + _missing_activation(head, loss), loss.class_name))
    if loss.arguments.get("from_logits") and head.added_activation is None:
        expected = f"false, as the last layer has the activation {_last_weights(layers)[1]}, or none on that layer"
        problems.append(Problem("compile.loss.from_logits", expected, "True"))
    return head


def _missing_activation(head: Head, loss: ObjectSpec) -> str:
    """The way on for a loss of classes behind linear units."""
    activation = FROM_LOGITS.get(loss.class_name)
    if head.task != REGRESSION or activation is None:
        return ""
    return f"; or for classes `activation: {activation}` on the last layer, or `from_logits: true` on this loss"
