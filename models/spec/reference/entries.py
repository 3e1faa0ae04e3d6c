"""Every key of a spec, every step and every argument of Keras' objects: type, default, meaning, example."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, is_dataclass
from dataclasses import fields as fields_of
from typing import Any, get_args, get_type_hints

from models.keras_catalog import argument_kinds as kinds
from models.keras_catalog.descriptions import argument_text
from models.keras_catalog.objects import EVERY_LAYER, ObjectSpec, known_names
from models.preprocessing.pipeline import StepSpec
from models.spec.fields import Meaning, SpecField
from models.spec.parts import Spec
from models.spec.steps import OPTIONAL, STEP_DEFAULTS, STEP_MEANINGS, STEPS

__all__ = ["NOT_SET", "PLACE_OF", "REQUIRED", "Entry", "as_yaml", "keras_entries", "spec_entries", "step_entries"]

PLAIN = re.compile(r"[A-Za-z][\w./-]*(://[\w./-]+)?")
"""Text that stands in YAML without quotes."""
PLACE_OF = {"layers": "layers", "losses": "compile.loss", "optimizers": "compile.optimizer",
            "metrics": "compile.metrics", "callbacks": "fit.callbacks"}  # fmt: skip
"""Family of Keras objects → the key that holds them; others stand in arguments only."""
REQUIRED = "required"
NOT_SET = "not set"


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a spec, one step, or one argument of either.

    Args:
        path: Where it stands, as in the errors of a spec: `gate.metric`, `layers.Conv2D.filters`.
        expected: What its value may be, in words.
        default: Its value where it is left out, as in YAML; or `required`, or `not set`; empty for a step.
        text: What it says.
        example: As in YAML; empty where there is none.
        family: Of the Keras objects that it holds.
    """

    path: str
    expected: str
    default: str
    text: str
    example: str = ""
    family: str | None = None

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition(".")[2]


def spec_entries(made: type[Any] = Spec, path: str = "") -> Iterator[Entry]:
    """Every key of a spec, each part before its own keys.

    Args:
        made: The dataclass of a part.
        path: Where that part stands.
    """
    hints = get_type_hints(made, include_extras=True)
    for field in fields_of(made):
        metadata = hints[field.name].__metadata__
        read = next(one for one in metadata if isinstance(one, SpecField))
        said = next((one for one in metadata if isinstance(one, Meaning)), Meaning(""))
        place = f"{path}.{field.name}" if path else field.name
        yield Entry(place, read.expected, _default(field), said.text, as_yaml(said.example), read.family)
        if nested := _nested(hints[field.name]):
            yield from spec_entries(nested, place)


def _nested(hint: Any) -> type[Any] | None:
    """The dataclass of a part that a key holds."""
    value = get_args(hint)[0]
    parts = [one for one in (value, *get_args(value)) if is_dataclass(one) and isinstance(one, type)]
    return next((one for one in parts if one not in (ObjectSpec, StepSpec)), None)


def _default(field: Field[Any]) -> str:
    value = field.default
    if value is MISSING and field.default_factory is MISSING:
        return REQUIRED
    if isinstance(value, ObjectSpec):
        return as_yaml(value.document)
    return NOT_SET if value is None or is_dataclass(value) else as_yaml(value)


def step_entries() -> Iterator[Entry]:
    """Every step of `preprocessing`, each before its arguments."""
    for step, (said, arguments) in STEP_MEANINGS.items():
        place = f"preprocessing.{step}"
        yield Entry(place, "a step", "", said.text, as_yaml(said.example))
        for argument, meaning in arguments.items():
            expected = kinds.expected_by(STEPS[step][argument])
            default = _step_default(step, argument)
            yield Entry(f"{place}.{argument}", expected, default, meaning.text, as_yaml(meaning.example))


def _step_default(step: str, argument: str) -> str:
    if argument in STEP_DEFAULTS.get(step, {}):
        return as_yaml(STEP_DEFAULTS[step][argument])
    return NOT_SET if argument in OPTIONAL.get(step, ()) else REQUIRED


def keras_entries(family: str, class_name: str) -> Iterator[Entry]:
    """Every argument of one of Keras' objects.

    Args:
        family: `layers`, `losses` …
        class_name: One of the names of the family that a spec may have.
    """
    place = f"{PLACE_OF.get(family, family)}.{class_name}"
    for argument, described in known_names(family)[class_name].items():
        default = REQUIRED if described.get("required") else as_yaml(described["default"]) or NOT_SET
        text = argument_text(family, class_name, argument)
        inner = kinds.family_of(argument)
        yield Entry(f"{place}.{argument}", _expected(class_name, argument), default, text, family=inner)
    for argument, check in EVERY_LAYER.items() if family == "layers" else ():
        if argument not in known_names(family)[class_name]:
            text = argument_text(family, class_name, argument)
            yield Entry(f"{place}.{argument}", kinds.expected_by(check), NOT_SET, text)


def _expected(class_name: str, argument: str) -> str:
    family = kinds.family_of(argument)
    if family == "schedules":
        return "a number above 0 and at most 10, or one of Keras' schedules"
    if family is not None:
        return f"one of Keras' {family}"
    check = kinds.kind_of(class_name, argument)
    return "nothing: it holds Python objects" if check is None else kinds.expected_by(check)


def as_yaml(value: Any) -> str:
    """A value on one line, as it stands in a spec."""
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {as_yaml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(map(as_yaml, value)) + "]"
    if isinstance(value, str) and PLAIN.fullmatch(value):
        return value
    return json.dumps(value, ensure_ascii=False)
