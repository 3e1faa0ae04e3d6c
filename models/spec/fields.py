"""marshmallow fields whose errors are `Problem`s: where, what was expected, what came."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema

from models.dataclass_schema import schema_of
from models.errors import Problem, did_you_mean, shown
from models.keras_catalog.argument_kinds import Check, check_value, expected_by
from models.keras_catalog.objects import check_object

__all__ = ["Checked", "EachOf", "KerasObject", "Part", "SpecPart", "flatten", "keras_objects"]

ItemCheck = Callable[[Any, str, list[Problem]], Any]
"""Checks one item, given its path and the list that takes problems."""


class _SpecField(fields.Field[Any]):
    """A field that says what it expects.

    Args:
        expected: That, in words.
    """

    def __init__(self, expected: str) -> None:
        super().__init__()
        self.expected = expected

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        del attr, data, kwargs
        problems: list[Problem] = []
        checked = self.check(value, problems)
        if problems:
            raise ValidationError(list(problems))
        return checked

    def check(self, value: Any, problems: list[Problem]) -> Any:
        """Check a value, which may have several problems inside it."""
        raise NotImplementedError

    def make_error(self, key: str, **kwargs: Any) -> ValidationError:
        """Say what was expected where nothing, or null, came."""
        del kwargs
        return ValidationError([Problem("", self.expected, "nothing" if key == "required" else "null")])


class Checked(_SpecField):
    """A value that a check of `models.keras_catalog.argument_kinds` accepts; a list of values becomes a tuple."""

    def __init__(self, kind: Check) -> None:
        super().__init__(expected_by(kind))
        self.kind = kind

    def check(self, value: Any, problems: list[Problem]) -> Any:
        """Check the value."""
        checked = check_value(self.kind, value, "", problems)
        return tuple(checked) if isinstance(checked, list) else checked


class KerasObject(_SpecField):
    """One Keras object of a family."""

    def __init__(self, family: str) -> None:
        super().__init__(f"one of Keras' {family}")
        self.family = family

    def check(self, value: Any, problems: list[Problem]) -> Any:
        """Check the name and the arguments."""
        return check_object(self.family, value, "", problems)


class EachOf(_SpecField):
    """A list, each item of which is checked."""

    def __init__(self, expected: str, check_item: ItemCheck) -> None:
        super().__init__(expected)
        self.check_item = check_item

    def check(self, value: Any, problems: list[Problem]) -> Any:
        """Check all items, under their numbers."""
        if not isinstance(value, list):
            problems.append(Problem("", self.expected, shown(value)))
            return ()
        return tuple(self.check_item(item, str(index), problems) for index, item in enumerate(value))


def keras_objects(family: str) -> EachOf:
    """A list of Keras objects of a family."""
    return EachOf(f"a list of Keras' {family}", lambda *item: check_object(family, *item))


class SpecPart(Schema):
    """A mapping of known keys; an unknown one is answered with the nearest known one."""

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def refuse_unknown_keys(self, data: Any, original: Any, **kwargs: Any) -> None:
        """Report each key that is not one of ours."""
        del data, kwargs
        unknown = [key for key in original if key not in self.fields] if isinstance(original, Mapping) else []
        if unknown:
            raise ValidationError({str(key): [_unknown_key(str(key), self.fields)] for key in unknown})


def _unknown_key(key: str, known: Iterable[str]) -> Problem:
    return Problem(
        "", f"one of the keys {', '.join(known)}{did_you_mean(key, known)}", f"{key!r}, which is none of them"
    )


class Part(_SpecField):
    """A nested mapping that becomes a dataclass."""

    def __init__(self, made: type[Any]) -> None:
        self.made = made
        self.schema = schema_of(made, SpecPart)
        super().__init__(f"a mapping with the keys {', '.join(self.schema.fields)}")

    def check(self, value: Any, problems: list[Problem]) -> Any:
        """Check key by key."""
        if not isinstance(value, Mapping):
            problems.append(Problem("", self.expected, shown(value)))
            return None
        return self.made(**self.schema.load(value))


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
