"""The components of the OpenAPI document: the schemas of all resources, each with an example."""

from typing import Any

from service.openapi import (
    inference_protocol_schemas,
    job_schemas,
    metadata_schemas,
    model_schemas,
    prediction_schemas,
    run_schemas,
    search_schemas,
    service_schemas,
    spec_schemas,
)
from service.openapi.drafting import draft_schemas
from service.openapi.json_schema import Schema
from service.openapi.learning import learning_schemas
from service.openapi.releasing import monitoring_schemas, rollout_schemas

__all__ = ["EXAMPLES", "SCHEMAS"]

RESOURCES = (
    prediction_schemas, model_schemas, metadata_schemas, spec_schemas, job_schemas, run_schemas, search_schemas,
    monitoring_schemas, rollout_schemas, learning_schemas, draft_schemas, inference_protocol_schemas, service_schemas,
)  # fmt: skip
EXAMPLES: dict[str, Any] = {name: example for resource in RESOURCES for name, example in resource.EXAMPLES.items()}
"""Component → a document that its schema describes."""
SCHEMAS: dict[str, Schema] = {
    name: schema | ({"examples": [EXAMPLES[name]]} if name in EXAMPLES else {})
    for resource in RESOURCES
    for name, schema in resource.SCHEMAS.items()
}
