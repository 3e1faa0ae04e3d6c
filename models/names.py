"""Names of models, labels, tasks and backends, as the contract spells them."""

import re

__all__ = [
    "BACKENDS",
    "LABEL",
    "LATEST",
    "MODEL",
    "MULTILABEL",
    "REGRESSION",
    "RESERVED",
    "SIGMOID",
    "SOFTMAX",
    "STABLE",
    "TASKS",
    "THRESHOLD",
    "is_label_name",
    "is_model_name",
]

MODEL = re.compile(r"[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?")
LABEL = re.compile(r"[a-zA-Z0-9_]{1,64}")
STABLE = "stable"
LATEST = "latest"
TASKS = SOFTMAX, SIGMOID, MULTILABEL, REGRESSION = ("softmax", "sigmoid", "multilabel", "regression")
THRESHOLD = 0.5
"""The probability above which the second of two classes, or a label, holds where a version has none of its own."""
BACKENDS = ("tensorflow", "jax", "torch")
RESERVED = ("datasets",)
"""Folders of the store that hold something else than a model."""


def is_model_name(name: str) -> bool:
    """Whether `name` can name a model."""
    return MODEL.fullmatch(name) is not None and name not in RESERVED


def is_label_name(name: str) -> bool:
    """Whether `name` can be put on a version; `latest` cannot, it always means the highest number."""
    return LABEL.fullmatch(name) is not None and name != LATEST
