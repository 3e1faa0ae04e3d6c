"""Names of models, labels, tasks and backends, and numbers of versions, as the contract spells them."""

import re

__all__ = [
    "BACKENDS",
    "LABEL",
    "LARGEST_VERSION",
    "LATEST",
    "MODEL",
    "MULTILABEL",
    "REGRESSION",
    "RESERVED",
    "SIGMOID",
    "SOFTMAX",
    "STABLE",
    "TASKS",
    "is_label_name",
    "is_model_name",
    "is_version",
    "version_number",
]

MODEL = re.compile(r"[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?")
LABEL = re.compile(r"[a-zA-Z0-9_]{1,64}")
NUMBER = re.compile(r"[1-9][0-9]{0,15}")
LARGEST_VERSION = 2**53 - 1
"""The largest whole number that every reader of JSON keeps exactly; it has 16 digits."""
STABLE = "stable"
LATEST = "latest"
TASKS = SOFTMAX, SIGMOID, MULTILABEL, REGRESSION = ("softmax", "sigmoid", "multilabel", "regression")
BACKENDS = ("tensorflow", "jax", "torch")
RESERVED = ("datasets",)
"""Folders of the store that hold something else than a model."""


def is_model_name(name: str) -> bool:
    """Whether `name` can name a model."""
    return MODEL.fullmatch(name) is not None and name not in RESERVED


def is_label_name(name: str) -> bool:
    """Whether `name` can be put on a version; `latest` cannot, it always means the highest number."""
    return LABEL.fullmatch(name) is not None and name != LATEST


def is_version(value: object) -> bool:
    """Whether a value is the number of a version: the one rule for folders, manifests, labels and requests."""
    return type(value) is int and 1 <= value <= LARGEST_VERSION


def version_number(text: str) -> int | None:
    """The version that a folder's name means: ASCII digits without a leading zero; None when it means none."""
    number = int(text) if NUMBER.fullmatch(text) else 0
    return number if is_version(number) else None
