"""The HTTP interface as an OpenAPI document."""

from service.openapi.document import openapi_document

__all__ = ["openapi_document"]
