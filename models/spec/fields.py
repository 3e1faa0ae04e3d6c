"""marshmallow fields whose errors are `Problem`s: where, what was expected, what came."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema

from models.dataclass_schema import schema_of
from models.errors import Problem, did_you_mean, shown
from models.keras_catalog.argument_kinds import Check, check_value, expected_by
from models.keras_catalog.objects import check_object

__all__ = [
    "Meaning", "SpecField", "SpecPart", "checked", "each_of", "flatten", "keras_object", "keras_objects", "part",
]  # fmt: skip

MOST_UNKNOWN = 100
"""Of one mapping that are reported one by one."""
MOST_ITEMS = 1000
"""Of a list whose items are Keras' objects or steps."""

FieldCheck = Callable[[Any, list[Problem]], Any]
"""Makes what a spec has of a value, given the list that takes problems."""
ItemCheck = Callable[[Any, str, list[Problem]], Any]
"""As `FieldCheck`, for an item of a list; the second argument is its path."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a key of a spec says; it stands beside the field that reads the key, and the reference is made of it.

    Args:
        text: In a sentence or two.
        example: A value that it may have.
    """

    text: str
    example: Any = None


class SpecField(fields.Field[Any]):
    """A field that says what it expects.

    Args:
        expected: That, in words.
        check: Finds the problems of a value, of which there may be several.
        family: Of the Keras objects that it holds.
    """

    def __init__(self, expected: str, check: FieldCheck, family: str | None = None) -> None:
        super().__init__()
        self.expected = expected
        self.check = check
        self.family = family

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        del attr, data, kwargs
        problems: list[Problem] = []
        made = self.check(value, problems)
        if problems:
            raise ValidationError(list(problems))
        return made

    def make_error(self, key: str, **kwargs: Any) -> ValidationError:
        """Say what was expected where nothing, or null, came."""
        del kwargs
        return ValidationError([Problem("", self.expected, "nothing" if key == "required" else "null")])


def checked(kind: Check) -> SpecField:
    """A value that a check of `models.keras_catalog.argument_kinds` accepts; a list of values becomes a tuple."""

    def check(value: Any, problems: list[Problem]) -> Any:
        made = check_value(kind, value, "", problems)
        return tuple(made) if isinstance(made, list) else made

    return SpecField(expected_by(kind), check)


def each_of(expected: str, check_item: ItemCheck, family: str | None = None) -> SpecField:
    """A list, each item of which is checked, under its number."""

    def check(value: Any, problems: list[Problem]) -> Any:
        if not isinstance(value, list):
            problems.append(Problem("", expected, shown(value)))
            return ()
        if len(value) > MOST_ITEMS:
            problems.append(Problem("", f"at most {MOST_ITEMS} items", f"{len(value)}"))
            return ()
        return tuple(check_item(item, str(index), problems) for index, item in enumerate(value))

    return SpecField(expected, check, family)


def keras_object(family: str) -> SpecField:
    """One Keras object of a family."""
    expected = f"one of Keras' {family}"
    return SpecField(expected, lambda value, problems: check_object(family, value, "", problems), family)


def keras_objects(family: str) -> SpecField:
    """A list of Keras objects of a family."""
    return each_of(f"a list of Keras' {family}", lambda *item: check_object(family, *item), family)


def part(made: type[Any]) -> SpecField:
    """A nested mapping that becomes a dataclass."""
    schema = schema_of(made, SpecPart)
    expected = f"a mapping with the keys {', '.join(schema.fields)}"

    def check(value: Any, problems: list[Problem]) -> Any:
        if not isinstance(value, Mapping):
            problems.append(Problem("", expected, shown(value)))
            return None
        return made(**schema.load(value))

    return SpecField(expected, check)


class SpecPart(Schema):
    """A mapping of known keys; an unknown one is answered with the nearest known one."""

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def refuse_unknown_keys(self, data: Any, original: Any, **kwargs: Any) -> None:
        """Report each key that is not one of ours."""
        del data, kwargs
        unknown = [key for key in original if key not in self.fields] if isinstance(original, Mapping) else []
        if unknown:
            problems = {str(key): [_unknown_key(str(key), self.fields)] for key in unknown[:MOST_UNKNOWN]}
            if len(unknown) > MOST_UNKNOWN:
                more = Problem("", "known keys only", f"{len(unknown) - MOST_UNKNOWN} more that are unknown")
                problems[str(unknown[MOST_UNKNOWN])] = [more]
            raise ValidationError(problems)


def _unknown_key(key: str, known: Iterable[str]) -> Problem:
    return Problem(
        "", f"one of the keys {', '.join(known)}{did_you_mean(key, known)}", f"{key!r}, which is none of them"
    )


def flatten(messages: Any, path: str = "") -> list[Problem]:
    """Marshmallow's nested errors as a list of problems with their paths."""
    if isinstance(messages, Mapping):
        return [problem for key, value in messages.items() for problem in flatten(value, _join(path, str(key)))]
    if isinstance(messages, Problem):
        return [Problem(_join(path, messages.path), messages.expected, messages.received)]
    if isinstance(messages, list):
        return [problem for message in messages for problem in flatten(message, path)]
    return [Problem(path, "another value", str(messages))]


def _join(*parts: str) -> str:
    return ".".join(part for part in parts if part and part != "_schema")
