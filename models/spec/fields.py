"""marshmallow fields whose errors are `Problem`s: where, what was expected, what came."""

from collections.abc import Iterable, Mapping
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, missing, validates_schema

from models.errors import Problem, did_you_mean, shown
from models.keras_catalog.argument_kinds import Check, Mismatch

__all__ = ["Checked", "Part", "Problems", "SpecPart", "flatten"]


class Checked(fields.Field[Any]):
    """A value that a check of `models.keras_catalog.argument_kinds` accepts."""

    def __init__(self, check: Check, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.check = check

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        del attr, data, kwargs
        try:
            return self.check(value)
        except Mismatch as mismatch:
            raise ValidationError([Problem("", mismatch.expected, shown(value))]) from mismatch

    def make_error(self, key: str, **kwargs: Any) -> ValidationError:
        """Say what was expected where nothing, or null, came."""
        del kwargs
        return ValidationError([Problem("", self.expected, "nothing" if key == "required" else "null")])

    @property
    def expected(self) -> str:
        """What the check wants, in words."""
        try:
            self.check(missing)
        except Mismatch as mismatch:
            return mismatch.expected
        return "a value"


class Problems(fields.Field[Any]):
    """A value that a function checks, which may find several problems inside it."""

    def __init__(self, expected: str, check: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.expected = expected
        self.check = check

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        del attr, data, kwargs
        problems: list[Problem] = []
        checked = self.check(value, problems)
        if problems:
            raise ValidationError(list(problems))
        return checked

    def make_error(self, key: str, **kwargs: Any) -> ValidationError:
        """Say what was expected where nothing, or null, came."""
        del kwargs
        return ValidationError([Problem("", self.expected, "nothing" if key == "required" else "null")])


class SpecPart(Schema):
    """A mapping of known keys; an unknown one is answered with the nearest known one."""

    class Meta:
        unknown = EXCLUDE

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


class Part(fields.Field[Any]):
    """A nested mapping with a schema of its own."""

    def __init__(self, schema: type[SpecPart], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.schema = schema()

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        del attr, data, kwargs
        if not isinstance(value, Mapping):
            raise ValidationError([Problem("", self.expected, shown(value))])
        return self.schema.load(value)

    def make_error(self, key: str, **kwargs: Any) -> ValidationError:
        """Say which keys were expected where nothing, or null, came."""
        del kwargs
        return ValidationError([Problem("", self.expected, "nothing" if key == "required" else "null")])

    @property
    def expected(self) -> str:
        """The keys in words."""
        return f"a mapping with the keys {', '.join(self.schema.fields)}"


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
