"""The forms of a body: content types with their schema and an example."""

from typing import Any

from service.openapi.components import EXAMPLES
from service.openapi.json_schema import BINARY, STRING, Schema, reference

__all__ = ["FILE_FORM", "Content", "binary_media", "event_stream_media", "json_media", "text_media"]

JSON = "application/json"

Content = dict[str, dict[str, Any]]
"""Content type → OpenAPI media type."""
FILE_FORM: Content = {"multipart/form-data": {"schema": reference("FileForm")}}
"""A form with one file, which counts as if it had come by itself."""


def json_media(component: str, *content_types: str, example: Any = None) -> Content:
    """A document, described by a component.

    Args:
        component: The name of its schema.
        content_types: JSON when none is given.
        example: A real one; by default that of the component.
    """
    example = EXAMPLES.get(component) if example is None else example
    return dict.fromkeys(content_types or (JSON,), _media_type(reference(component), example))


def binary_media(*content_types: str) -> Content:
    """Bytes: a file, an image, tensors."""
    return {content_type: _media_type(BINARY) for content_type in content_types}


def text_media(*content_types: str, example: str | None = None) -> Content:
    """Text that is no JSON: a table, a page."""
    return {content_type: _media_type(STRING, example) for content_type in content_types}


def event_stream_media(example: str) -> Content:
    """Server-sent events. OpenAPI 3.1 has no words for the single ones: its readers take a schema for theirs."""
    return {"text/event-stream": _media_type({"description": "Server-sent events"}, example)}


def _media_type(schema: Schema, example: Any = None) -> dict[str, Any]:
    return {"schema": schema} if example is None else {"schema": schema, "example": example}
