"""Short ways to write JSON schemas."""

from collections.abc import Iterable
from typing import Any

__all__ = [
    "BINARY",
    "BOOLEAN",
    "DATE_TIME",
    "INTEGER",
    "NEXT",
    "NULL",
    "NUMBER",
    "OBJECT",
    "POSITIVE_INTEGER",
    "STRING",
    "TEXT",
    "Schema",
    "array",
    "either",
    "enumeration",
    "mapping",
    "nullable",
    "object_of",
    "pattern",
    "reference",
]

Schema = dict[str, Any]

NULL: Schema = {"type": "null"}
STRING: Schema = {"type": "string"}
BINARY: Schema = {"type": "string", "format": "binary"}
TEXT: Schema = {"type": "string", "minLength": 1}
DATE_TIME: Schema = {"type": "string", "format": "date-time"}
NUMBER: Schema = {"type": "number"}
INTEGER: Schema = {"type": "integer"}
POSITIVE_INTEGER: Schema = {"type": "integer", "minimum": 1}
NEXT: Schema = {"type": "string", "description": "The `cursor` of the next page, where there is one"}
BOOLEAN: Schema = {"type": "boolean"}
OBJECT: Schema = {"type": "object", "additionalProperties": True}
"""With any properties; without that last word TypeScript's generator takes it for one that has none."""

OTHERS = frozenset({"null", "boolean", "number", "string", "object"})
COMPOSITE = frozenset({"array", "object"})


def reference(component: str) -> Schema:
    """The schema of a component."""
    return {"$ref": f"#/components/schemas/{component}"}


def object_of(required: Iterable[str] | None = None, /, *, additional: bool = False, **properties: Schema) -> Schema:
    """An object.

    Args:
        required: The properties that must be there; all when None.
        additional: Whether other properties are ignored; else they are refused, or do not occur.
        properties: Name → schema.
    """
    schema: Schema = {"type": "object", "properties": properties}
    needed = list(properties if required is None else required)
    if needed:
        schema["required"] = needed
    return schema if additional else schema | {"additionalProperties": False}


def mapping(values: Schema, **more: Any) -> Schema:
    """An object with any names."""
    return {"type": "object", "additionalProperties": values, **more}


def array(items: Schema, **more: Any) -> Schema:
    """A list."""
    return {"type": "array", "items": items, **more}


def nullable(schema: Schema, **more: Any) -> Schema:
    """A schema of one type, or null."""
    return {**schema, "type": [schema["type"], "null"], **more}


def pattern(regex: str, **more: Any) -> Schema:
    """A string that a regular expression matches."""
    return {"type": "string", "pattern": regex, **more}


def enumeration(*values: str | None, **more: Any) -> Schema:
    """One of some strings; or null, where that is among them."""
    return {"type": ["string", "null"] if None in values else "string", "enum": list(values), **more}


def either(*schemas: Schema) -> Schema:
    """One of several forms.

    Where the forms differ in type, they become one schema, each of whose keywords concerns one type. Generators of
    clients lose a choice between a list or an object and something else, so it names types that it is not
    (no list, as linters want to know of what).
    """
    types = [str(schema.get("type")) for schema in schemas if "enum" not in schema and "$ref" not in schema]
    if len(set(types)) < len(schemas):
        return {"anyOf": list(schemas)}
    merged = {key: value for schema in schemas for key, value in schema.items()} | {"type": types}
    if COMPOSITE.isdisjoint(types) or len({*types} - {"null"}) == 1:
        return merged
    del merged["type"]
    return merged | {"not": {"type": sorted(OTHERS - {*types})}}
