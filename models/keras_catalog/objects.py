"""Layers, losses, optimizers … of a spec, checked against Keras' own signatures without Keras.

The signatures are in `keras_signatures.json`, written by `python -m trainer.keras_catalog.signatures`.
An object is `ClassName` or `ClassName: {keyword arguments}`, under Keras' own names.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from models.errors import Problem, did_you_mean, folded, shown
from models.keras_catalog import argument_kinds as kinds
from models.keras_catalog.shape_rules import AUGMENTING

__all__ = [
    "ACTIVATION_LAYERS", "EVERY_LAYER", "ObjectSpec", "canonical_name", "check_object", "families", "keras_version",
    "known_names", "refused_names",
]  # fmt: skip

SHORT_LOSSES = {"mse": "MeanSquaredError", "mae": "MeanAbsoluteError", "mape": "MeanAbsolutePercentageError",
                "msle": "MeanSquaredLogarithmicError", "bce": "BinaryCrossentropy", "kld": "KLDivergence"}  # fmt: skip
SHORT_NAMES: Mapping[str, Mapping[str, str]] = {
    "initializers": {"uniform": "RandomUniform", "normal": "RandomNormal"},
    "losses": {
        **SHORT_LOSSES,
        "kullbackleiblerdivergence": "KLDivergence",
        "huberloss": "Huber",
        "cosineproximity": "CosineSimilarity",
    },
    "metrics": {**SHORT_LOSSES, "rmse": "RootMeanSquaredError", "acc": "Accuracy"},
}
"""Short names that Keras takes as well."""

ACTIVATION_LAYERS: Mapping[str, str] = {
    "elu": "ELU", "leaky_relu": "LeakyReLU", "relu": "ReLU", "softmax": "Softmax",
}  # fmt: skip
"""Activations that take arguments → the layer that does the same: a function with arguments cannot be saved by name."""

EVERY_LAYER: Mapping[str, Any] = {"name": kinds.layer_name, "trainable": kinds.boolean}
"""Arguments of every layer → their checks."""
MOST_ARGUMENTS = 100
"""Of one object: each that is unknown is looked up among those that there are."""


@dataclass(frozen=True, slots=True)
class ObjectSpec:
    """One Keras object: its canonical class name and its keyword arguments, nested objects as documents."""

    class_name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def document(self) -> Any:
        """The object as it stands in a spec: the bare name when it has no arguments."""
        return {self.class_name: dict(self.arguments)} if self.arguments else self.class_name

    @classmethod
    def from_document(cls, document: Any) -> "ObjectSpec":
        """Read back what `document` wrote."""
        if isinstance(document, str):
            return cls(document)
        ((name, arguments),) = document.items()
        return cls(name, arguments)


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(Path(__file__).with_name("keras_signatures.json").read_text("utf-8"))
    return table


@cache
def _index(family: str) -> dict[str, str]:
    entry = _table()[family]
    names = {folded(name): name for name in entry["known"]}
    names |= {folded(alias): name for alias, name in entry["aliases"].items()}
    return names | dict(SHORT_NAMES.get(family, {}))


def keras_version() -> str:
    """The version of Keras that the signatures were read from."""
    return str(_table()["keras"])


def families() -> tuple[str, ...]:
    """The kinds of Keras objects: layers, losses, optimizers and so on."""
    return tuple(name for name in _table() if name != "keras")


def known_names(family: str) -> Mapping[str, Mapping[str, Any]]:
    """Class → argument → `{"required": true}` or `{"default": …}`, for all that a spec may name."""
    known: Mapping[str, Mapping[str, Any]] = _table()[family]["known"]
    return known


def refused_names(family: str) -> Mapping[str, str]:
    """Class → why it cannot stand in a spec."""
    refused: Mapping[str, str] = _table()[family]["refused"]
    return refused


def canonical_name(family: str, name: str) -> str | None:
    """The class that a name of a spec means, short names included; None where it means none."""
    return _index(family).get(folded(name))


def check_object(family: str, value: Any, path: str, problems: list[Problem]) -> ObjectSpec | None:
    """Check one object of a spec.

    Args:
        family: `layers`, `losses`, `optimizers` …
        value: What stands in the spec: a name, or a mapping of one name to keyword arguments.
        path: Where it stands, for problems.
        problems: Takes every problem that is found.

    Returns:
        The object under its canonical name, or None when its name or form is wrong.
    """
    name, arguments = kinds.single_entry(value)
    if not isinstance(name, str) or not name:
        expected = f"a name or one {{Name: {{arguments}}}} of Keras' {family}"
        problems.append(Problem(path, expected, shown(value)))
        return None
    class_name = canonical_name(family, name)
    if class_name is None:
        problems.append(_unknown_class(family, name, path))
        return None
    inner = _joined(path, name)
    if family == "activations" and arguments and class_name not in ACTIVATION_LAYERS:
        expected = f"no arguments: only {', '.join(ACTIVATION_LAYERS)} can be kept in a version with theirs"
        problems.append(Problem(inner, expected, shown(arguments)))
        return None
    if not isinstance(arguments, Mapping):
        problems.append(Problem(inner, "a mapping of keyword arguments", shown(arguments)))
        return None
    if len(arguments) > MOST_ARGUMENTS:
        problems.append(Problem(inner, f"at most {MOST_ARGUMENTS} arguments", f"{len(arguments)}"))
        return None
    checked = _check_arguments(family, class_name, arguments, path=inner, problems=problems)
    if family == "metrics" and name in SHORT_NAMES[family]:
        checked = {"name": name, **checked}  # as Keras, which reports a metric under the short name that it has
    return ObjectSpec(class_name, checked)


def _joined(*parts: str) -> str:
    return ".".join(part for part in parts if part)


def _unknown_class(family: str, name: str, path: str) -> Problem:
    reasons = {folded(refused): reason for refused, reason in refused_names(family).items()}
    reason = reasons.get(folded(name))
    if reason is not None:
        expected = f"one of Keras' {family} that can be trained and served"
        return Problem(path, expected, f"{name}, refused because {reason}")
    return Problem(path, f"one of Keras' {family}{did_you_mean(name, known_names(family))}", shown(name))


def _check_arguments(
    family: str, class_name: str, arguments: Mapping[str, Any], *, path: str, problems: list[Problem]
) -> dict[str, Any]:
    signature = known_names(family)[class_name]
    checked: dict[str, Any] = {}
    for argument, value in arguments.items():
        inner = _joined(path, str(argument))
        if argument in signature:
            may_be_none = signature[argument].get("default", 0) is None
            if value is None and may_be_none:
                continue
            checked[argument] = _check_argument(class_name, argument, value, path=inner, problems=problems)
        elif family == "layers" and argument in EVERY_LAYER:
            checked[argument] = kinds.check_value(EVERY_LAYER[argument], value, inner, problems)
        else:
            expected = f"an argument of {class_name}{did_you_mean(str(argument), signature)}"
            problems.append(Problem(inner, expected, f"{argument!r}, which it does not have"))
    for argument, described in signature.items():
        if described.get("required") and argument not in arguments:
            problems.append(Problem(_joined(path, argument), _expected(class_name, argument), "nothing"))
    return checked


def _expected(class_name: str, argument: str) -> str:
    family = kinds.family_of(argument)
    if family is not None:
        return f"one of Keras' {family}"
    return kinds.expected_by(kinds.kind_of(class_name, argument))


def _check_argument(class_name: str, argument: str, value: Any, *, path: str, problems: list[Problem]) -> Any:
    family = kinds.family_of(argument)
    if family == "schedules" and not isinstance(value, Mapping):
        return kinds.check_value(kinds.number(0, 10, above=True), value, path, problems)
    if family is not None:
        nested = check_object(family, value, path, problems)
        if family == "layers" and nested is not None and nested.class_name in (*AUGMENTING, "Normalization"):
            problems.append(Problem(path, "a layer that can be exported inside of another", nested.class_name))
        return nested.document if nested is not None else None
    check = kinds.kind_of(class_name, argument)
    if check is None:
        problems.append(Problem(path, "an argument that a spec can carry", f"{argument!r}, which holds Python objects"))
        return None
    return kinds.check_value(check, value, path, problems)
