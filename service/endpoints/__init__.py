"""The HTTP interface, a blueprint for each resource. They translate: a request into a call, its outcome into JSON."""

from service.endpoints import (
    datasets,
    docs,
    health,
    inference_protocol,
    jobs,
    labels,
    metrics,
    model_status,
    page,
    prediction,
    runs,
    searches,
    versions,
)
from service.endpoints.access import caller
from service.endpoints.drafting import spec_drafts
from service.endpoints.learning import capture, feedback, quality
from service.endpoints.releasing import monitoring, rollouts
from service.openapi.operation import ApiBlueprint

__all__ = ["BLUEPRINTS"]

RESOURCES = (
    prediction, model_status, labels, versions, monitoring, rollouts, jobs, runs, searches, capture, feedback, quality,
    spec_drafts, datasets, inference_protocol, health, metrics, caller, docs, page,
)  # fmt: skip
"""In the order of their groups in the OpenAPI document."""
BLUEPRINTS: tuple[ApiBlueprint, ...] = tuple(resource.blueprint for resource in RESOURCES)
