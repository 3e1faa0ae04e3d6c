"""The documents of the HTTP interface, field by field, from the schemas of OpenAPI."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

__all__ = ["ANYTHING", "Field", "fields_of", "name_of", "value_of"]

Schema = Mapping[str, Any]
ANYTHING = "any value"
WORDS = {
    "string": "text", "integer": "whole number", "number": "number", "boolean": "true or false", "object": "object",
    "array": "list", "null": "null",
}  # fmt: skip


class Field(NamedTuple):
    """One field: its path within the document, what it holds, whether it is always there, and its description."""

    path: str
    value: str
    is_always_there: bool
    meaning: str


def name_of(schema: Schema) -> str:
    """The schema that a reference names; empty where it is none."""
    return str(schema.get("$ref", "")).rpartition("/")[2]


def fields_of(schema: Schema, place: str = "") -> Iterator[Field]:
    """The fields of a document, each followed by those of the objects written within it."""
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        path = f"{place}{name}"
        yield Field(path, value_of(field), name in required, _meaning(field, is_required=name in required))
        for inner, suffix in _written_within(field):
            yield from fields_of(inner, f"{path}{suffix}.")


def _meaning(field: Schema, *, is_required: bool) -> str:
    default = "" if is_required or "default" not in field else f"{_shown(field['default'])} where it is left out"
    return "; ".join(filter(None, (field.get("description", ""), default)))


def _written_within(field: Schema) -> Iterator[tuple[Schema, str]]:
    """Objects that have no name of their own, with how their place is written: `rows[]`, `intervals.…`."""
    for one in (field, *field.get("anyOf", ())):
        others = one.get("additionalProperties")
        yield from ((inner, suffix) for inner, suffix in (
            (one, ""), (one.get("items", {}), "[]"), (others if isinstance(others, Mapping) else {}, ".…"),
        ) if "properties" in inner)  # fmt: skip


def value_of(schema: Schema) -> str:
    """What a value may be, in words; a document that has a name is a link to it."""
    if name := name_of(schema):
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(map(value_of, schema["anyOf"]))
    if "const" in schema:
        return _shown(schema["const"])
    if "enum" in schema:
        return f"one of {', '.join(map(_shown, schema['enum']))}"
    kinds = schema.get("type", ())
    kinds = [kinds] if isinstance(kinds, str) else kinds
    return " or ".join(_of_kind(kind, schema) for kind in kinds) or ANYTHING


def _of_kind(kind: str, schema: Schema) -> str:
    if kind == "array":
        return f"list of {value_of(schema['items'])}" if schema.get("items") else "list"
    if kind == "object" and isinstance(schema.get("additionalProperties"), Mapping) and not schema.get("properties"):
        return f"object of {value_of(schema['additionalProperties'])}"
    if kind == "string" and schema.get("format"):
        return f"text ({schema['format']})"
    return WORDS[kind] + (_bounds(schema) if kind in ("integer", "number") else "")


def _bounds(schema: Schema) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f" from {low} to {high}"
    if low is not None:
        return f" of at least {low}"
    return "" if high is None else f" of at most {high}"


def _shown(value: Any) -> str:
    return f"`{value}`" if isinstance(value, str) and value else f"`{json.dumps(value)}`"
