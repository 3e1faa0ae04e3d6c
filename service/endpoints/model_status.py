"""What is loaded and what is known: status, metadata, reports, the list of models."""

from typing import Any

from flask import Response, request

from models.names import STABLE
from models.store.gate_verdict import gate_in_words, gate_verdict
from service.auth.scopes import Scope
from service.blocking_calls import run_in_thread
from service.endpoints.model_call import ModelCall
from service.http.context import services
from service.http.query import CURSOR, limit_parameter, page_by_name
from service.http.responses import json_answer
from service.http.routing import version_paths
from service.openapi.json_schema import STRING
from service.openapi.operation import ApiBlueprint, api_response, query_parameter
from service.protocols.tensorflow_serving import metadata_document, status_document
from service.registry.registry import Registry
from service.registry.shown_facts import ShownFacts
from service.registry.snapshot import LoadedModel, VersionFacts, VersionStatus

__all__ = ["blueprint"]

REPORT = "report.json"

blueprint = ApiBlueprint("model_status", __name__, tag="Models", scope=Scope.PREDICT)


MODEL = query_parameter("model", STRING, "Only this model", example="iris")


@blueprint.operation(
    "GET",
    "/v1/models",
    description="In pages, where `limit` asks for them.",
    parameters=(MODEL, limit_parameter(), CURSOR),
    responses={200: api_response("By name", "Models")},
)
def list_models() -> Response:
    """Every model, its versions and their states, labels and metrics."""
    registry = services().registry
    name, known = request.args.get("model"), registry.snapshot.models
    models = list(known.values()) if name is None else [known[name]] if name in known else []
    page, more = page_by_name(request, models, lambda model: model.name)
    registry.shown_facts.read(page)
    return json_answer({"models": [_model_document(model, registry.shown_facts) for model in page], **more})


@blueprint.operation(
    "GET",
    *version_paths(""),
    description="Its versions with their states, the newest first; or one of them, by number or by label.",
    responses={200: api_response("The newest version first", "ModelStatus")},
    errors=(400, 503),
)
def get_model(model: str, version: int | None = None, label: str | None = None) -> Response:
    """TensorFlow Serving's status of a model or a version."""
    loaded = services().registry.snapshot.model(model)
    if label is not None:
        version = loaded.version_of(label)
    versions = list(loaded.versions.values()) if version is None else [loaded.status(version)]
    return json_answer(status_document(versions))


@blueprint.operation(
    "GET",
    *version_paths("/metadata"),
    summary="TensorFlow Serving's metadata of a version: what it takes and gives",
    description="The signature, and beside it the task, the class names, the threshold and what an "
    "instance looks like.",
    responses={200: api_response("The metadata", "ModelMetadata", X_Onehot_Model_Version="The version described")},
    errors=(400, 503),
)
def get_model_metadata(model: str, version: int | None = None, label: str | None = None) -> Response:
    """TensorFlow Serving's metadata: what a version takes and gives."""
    call = ModelCall.of_request(model, version=version, label=label)
    return json_answer(metadata_document(call.predictor.manifest))


@blueprint.operation(
    "GET",
    "/v1/models/<name:model>/versions/<int:version>/report",
    description="As it was published: metrics on held-out rows, the confusion matrix, the baseline, warnings.",
    responses={200: api_response("report.json", "Report")},
    errors=(400, 503),
)
def get_version_report(model: str, version: int) -> Response:
    """The evaluation of a version."""
    registry = services().registry
    registry.snapshot.model(model).status(version)
    return Response(run_in_thread(_read_report, registry, model, version), content_type="application/json")


def _read_report(registry: Registry, model: str, version: int) -> bytes:
    store = registry.store
    store.require_folder()
    return store.read(store.manifest(model, version), REPORT)


def _model_document(model: LoadedModel, facts: ShownFacts) -> dict[str, Any]:
    newest_first = sorted(model.versions.values(), key=lambda status: -status.version)
    return {
        "name": model.name,
        "default_version": model.default_version,
        "labels": dict(model.labels),
        "versions": [_version_document(model, status, facts.of(model, status)) for status in newest_first],
    }


def _version_document(model: LoadedModel, status: VersionStatus, facts: VersionFacts | None) -> dict[str, Any]:
    is_stable, gate = model.labels.get(STABLE) == status.version, facts.gate if facts else status.gate
    return {
        "version": status.version,
        "state": status.state,
        "error": status.reason or None,
        "verdict": gate_verdict(gate, is_promoted=is_stable),
        "gate": gate_in_words(gate),
        "labels": sorted(label for label, version in model.labels.items() if version == status.version),
        "created_at": facts.created_at if facts else None,
        "task": facts.task if facts else None,
        "class_names": list(facts.class_names) if facts else [],
        "metrics": dict(facts.metrics) if facts else {},
    }
