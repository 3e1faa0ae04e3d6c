"""The targets of a data set, and the last layer and loss that fit them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from models.preprocessing.cell_forms import number_form
from models.preprocessing.instances import Array
from models.sources.class_labels import read_classes, read_multi_hot, read_values
from models.suggestions.raw_data import RawData

__all__ = ["Target", "suggest_target"]

FEW_NUMBERS = 20
"""So many different whole numbers are classes at any rate."""
MOST_NUMBERS = 100
"""More than these are none."""
CLASS_SHARE = 0.05
SHOWN_CLASSES = 6
WIDE = 3.0
"""Of numbers of mean 0 and deviation 1, hardly one is as large."""


@dataclass(frozen=True, slots=True)
class Target:
    """The target to be predicted, with layer, loss and metrics.

    Args:
        described: The data's side of it, in words.
        meaning: The network's side of it, in words.
        layer: The last layer.
        loss: Its loss.
        metrics: The metrics beside the loss.
        counts: Class → rows; empty where there are none.
        standardize: Whether the loss shall be one of standardized targets.
    """

    described: str
    meaning: str
    layer: Mapping[str, Any]
    loss: str
    metrics: tuple[str, ...]
    counts: Mapping[str, int] = field(default_factory=dict)
    standardize: bool = False


def suggest_target(dataset: RawData) -> Target:
    """Choose layer, loss and metrics by the targets of a data set.

    Raises:
        DataError: When there is nothing to be learned: one class only, gaps, ragged rows.
    """
    targets, where, row_name = dataset.targets, f"{dataset.source}: target", dataset.row_name
    if _is_multi_hot(targets):
        labels = read_multi_hot(targets, dataset.class_names, where=where, row_name=row_name)
        return _multilabel(labels.class_names, labels.counts())
    if _are_numbers(targets) or (targets.dtype == object and number_form(targets.reshape(-1).tolist()) is not None):
        return _regression(read_values(targets, where=where, row_name=row_name).values)
    labels = read_classes(targets, dataset.class_names, where=where, row_name=row_name)
    return _classes(labels.class_names, labels.counts())


def _is_multi_hot(targets: Array) -> bool:
    if targets.ndim != 2 or targets.shape[1] < 2 or targets.dtype.kind not in "biuf":
        return False
    return bool(np.isin(targets, (0, 1)).all() and (targets.sum(axis=1) != 1).any())


def _are_numbers(targets: Array) -> bool:
    """Whether targets are quantities and no names of classes."""
    if targets.dtype.kind not in "iuf":
        return False
    if targets.ndim == 2 and targets.shape[1] > 1:
        return not np.isin(targets, (0, 1)).all()
    whole = targets.dtype.kind in "iu" or bool((targets == np.floor(targets)).all())
    different = len(np.unique(targets))
    return not whole or different > MOST_NUMBERS or different > max(FEW_NUMBERS, CLASS_SHARE * len(targets))


def _shown(counts: Mapping[str, int]) -> str:
    some = [f"{name} ({rows})" for name, rows in list(counts.items())[:SHOWN_CLASSES]]
    return ", ".join(some) + (", …" if len(counts) > SHOWN_CLASSES else "")


def _dense(units: int, activation: str) -> Mapping[str, Any]:
    return {"Dense": {"units": units, "activation": activation}}


def _classes(names: tuple[str, ...], counts: Mapping[str, int]) -> Target:
    described = f"one of {len(names)} classes: {_shown(counts)}"
    if len(names) == 2:
        meaning = f"one sigmoid unit gives the probability of {names[1]!r}"
        return Target(described, meaning, _dense(1, "sigmoid"), "binary_crossentropy", ("accuracy",), counts)
    meaning = f"{len(names)} softmax units give the probability of each class"
    layer = _dense(len(names), "softmax")
    return Target(described, meaning, layer, "categorical_crossentropy", ("accuracy",), counts)


def _multilabel(names: tuple[str, ...], counts: Mapping[str, int]) -> Target:
    described = f"any of {len(names)} labels: {_shown(counts)}"
    meaning = f"{len(names)} sigmoid units give the probability of each label by itself"
    return Target(described, meaning, _dense(len(names), "sigmoid"), "binary_crossentropy", ("binary_accuracy",))


def _regression(values: Array) -> Target:
    described = f"numbers from {float(values.min()):.6g} to {float(values.max()):.6g}"
    units = values.shape[1]
    meaning = f"{units} linear unit{'s give the numbers' if units > 1 else ' gives the number'}"
    return Target(
        described, meaning, _dense(units, "linear"), "mean_squared_error", ("mean_absolute_error",),
        standardize=_is_far_from_standard(values),
    )  # fmt: skip


def _is_far_from_standard(values: Array) -> bool:
    """Whether targets lie so wide, so close or so far off that learning them takes a network long."""
    mean, deviation = np.abs(values.mean(axis=0)), values.std(axis=0)
    return bool(((deviation > WIDE) | (deviation < 1 / WIDE) | (mean > WIDE)).any())
