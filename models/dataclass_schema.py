"""Schemas read off dataclasses: beside the type of a field stands the marshmallow field that reads it.

    @dataclass(frozen=True)
    class Point:
        x: Annotated[int, fields.Integer(strict=True)]
        y: Annotated[int, fields.Integer(strict=True)] = 0

A field without a default is required; one whose default is None may be null.
"""

from copy import copy
from dataclasses import MISSING, Field
from dataclasses import fields as fields_of
from typing import Any, get_type_hints

from marshmallow import EXCLUDE, Schema, fields

__all__ = ["Tuple", "Value", "schema_of"]


def schema_of(made: type[Any], base: type[Schema] = Schema) -> Schema:
    """The schema of a dataclass; it loads the arguments of the dataclass, and passes over keys that it does not know.

    Args:
        made: The dataclass, its fields annotated.
        base: What the schema can do beside that.
    """
    hints = get_type_hints(made, include_extras=True)
    declared = {field.name: _declared(field, hints[field.name]) for field in fields_of(made)}
    return base.from_dict(declared, name=f"{made.__name__}Schema")(unknown=EXCLUDE)


def _declared(field: Field[Any], hint: Any) -> fields.Field[Any]:
    found = copy(next(one for one in hint.__metadata__ if isinstance(one, fields.Field)))
    found.required = found.required or (field.default is MISSING and field.default_factory is MISSING)
    found.allow_none = found.allow_none or field.default is None
    return found


class Value(fields.Nested):
    """A nested mapping, made into a dataclass.

    Args:
        made: The dataclass.
        schema: What reads its arguments; by default the annotations of the dataclass.
    """

    def __init__(self, made: type[Any], schema: Schema | None = None, **kwargs: Any) -> None:
        super().__init__(schema or schema_of(made), **kwargs)
        self.made = made

    def _deserialize(self, *args: Any, **kwargs: Any) -> Any:
        return self.made(**super()._deserialize(*args, **kwargs))


class Tuple(fields.List[Any]):
    """A list of any length, as a tuple."""

    def _deserialize(self, *args: Any, **kwargs: Any) -> Any:
        return tuple(super()._deserialize(*args, **kwargs))
