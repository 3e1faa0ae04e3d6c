"""What a description of the interface is made of, and short ways to write schemas."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = [
    "BOOLEAN",
    "INTEGER",
    "JSON",
    "NUMBER",
    "STRING",
    "TEXT",
    "Content",
    "Operation",
    "Reply",
    "Schema",
    "array",
    "either",
    "json_reply",
    "mapping",
    "object_of",
    "query",
    "reference",
]

Schema = dict[str, Any]

JSON = "application/json"
STRING: Schema = {"type": "string"}
TEXT: Schema = {"type": "string", "minLength": 1}
NUMBER: Schema = {"type": "number"}
INTEGER: Schema = {"type": "integer"}
BOOLEAN: Schema = {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Content:
    """A body in one content type.

    Args:
        schema: Of a JSON document; None for bytes.
        example: A real one.
        content_type: Without parameters.
    """

    schema: Schema | None = None
    example: Any = None
    content_type: str = JSON


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of a route.

    Args:
        description: When it comes.
        contents: The forms of its body.
        headers: Name → what it says; for headers of this answer alone.
    """

    description: str
    contents: tuple[Content, ...] = ()
    headers: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """What a route does.

    Args:
        tag: The group that it stands in.
        summary: In one line.
        replies: Status → answer, those that are no error.
        body: The forms that its body can have.
        parameters: Of its query and headers; those of its path follow from the route.
        errors: Statuses of the errors that are particular to it.
        description: More than the summary says.
        needs_body: Whether a request without a body is refused.
    """

    tag: str
    summary: str
    replies: Mapping[int, Reply]
    body: tuple[Content, ...] = ()
    parameters: tuple[Schema, ...] = ()
    errors: tuple[int, ...] = ()
    description: str = ""
    needs_body: bool = True


def reference(name: str) -> Schema:
    """A schema that stands among the components."""
    return {"$ref": f"#/components/schemas/{name}"}


def object_of(
    properties: Mapping[str, Schema], *, required: tuple[str, ...] | None = None, open_to_more: bool = False
) -> Schema:
    """An object.

    Args:
        properties: Name → schema.
        required: Those that must be there; all when None.
        open_to_more: Whether other names are passed over; else they are refused, or do not occur.
    """
    schema: Schema = {"type": "object", "properties": dict(properties)}
    needed = tuple(properties) if required is None else required
    if needed:
        schema["required"] = list(needed)
    if not open_to_more:
        schema["additionalProperties"] = False
    return schema


def mapping(values: Schema) -> Schema:
    """An object with any names."""
    return {"type": "object", "additionalProperties": values}


def array(items: Schema, **more: Any) -> Schema:
    """A list."""
    return {"type": "array", "items": items, **more}


def either(*schemas: Schema) -> Schema:
    """One of several forms."""
    return {"anyOf": list(schemas)}


def query(name: str, schema: Schema, description: str, **more: Any) -> Schema:
    """A parameter of the query."""
    return {"name": name, "in": "query", "schema": schema, "description": description, **more}


def json_reply(description: str, schema: Schema, example: Any = None, **headers: str) -> Reply:
    """An answer with a JSON document."""
    named = {name.replace("_", "-"): said for name, said in headers.items()}
    return Reply(description, (Content(schema, example),), named or None)
