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
)

__all__ = ["BLUEPRINTS"]

BLUEPRINTS = (
    prediction.blueprint,
    model_status.blueprint,
    labels.blueprint,
    jobs.blueprint,
    datasets.blueprint,
    inference_protocol.blueprint,
    health.blueprint,
    metrics.blueprint,
    docs.blueprint,
    page.blueprint,
)
"""In the order of their groups in the OpenAPI document."""
