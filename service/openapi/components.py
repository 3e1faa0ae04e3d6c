"""The components of the OpenAPI document: the schemas of all resources, and an example of some."""

from typing import Any

from service.openapi import (
    inference_protocol_schemas,
    job_schemas,
    model_schemas,
    prediction_schemas,
    search_schemas,
    service_schemas,
    spec_schemas,
)
from service.openapi.json_schema import Schema

__all__ = ["EXAMPLES", "SCHEMAS"]

RESOURCES = (
    prediction_schemas, model_schemas, spec_schemas, job_schemas, search_schemas, inference_protocol_schemas,
    service_schemas,
)  # fmt: skip
SCHEMAS: dict[str, Schema] = {name: schema for resource in RESOURCES for name, schema in resource.SCHEMAS.items()}
EXAMPLES: dict[str, Any] = {name: example for resource in RESOURCES for name, example in resource.EXAMPLES.items()}
"""Component → a document that its schema describes."""
