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
    health.blueprint,
    metrics.blueprint,
    prediction.blueprint,
    inference_protocol.blueprint,
    model_status.blueprint,
    labels.blueprint,
    jobs.blueprint,
    datasets.blueprint,
    docs.blueprint,
    page.blueprint,
)
