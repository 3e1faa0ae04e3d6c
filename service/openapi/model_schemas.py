"""Schemas of published and loaded versions: status, metadata, labels, reports."""

from typing import Any

from models.names import LARGEST_VERSION, TASKS
from models.preprocessing.instances import KINDS
from service.openapi.json_schema import (
    BOOLEAN,
    DATE_TIME,
    INTEGER,
    NEXT,
    NULL,
    NUMBER,
    POSITIVE_INTEGER,
    STRING,
    Schema,
    array,
    either,
    mapping,
    nullable,
    object_of,
    pattern,
    reference,
)

__all__ = ["EXAMPLES", "SCHEMAS"]

STATE: Schema = {"enum": ["START", "LOADING", "AVAILABLE", "UNLOADING", "END"]}
LABELS: Schema = mapping(POSITIVE_INTEGER)
TENSORS: Schema = mapping(reference("SignatureTensor"))

SCHEMAS: dict[str, Schema] = {
    "Models": object_of(["models"], models=array(reference("Model"), description="By name"), next=NEXT),
    "Model": object_of(
        name=STRING,
        default_version=nullable(INTEGER, description="What answers a request without version or label"),
        labels=LABELS,
        versions=array(reference("Version"), description="The newest first"),
    ),
    "Version": object_of(
        version=POSITIVE_INTEGER,
        state=STATE,
        error=nullable(STRING, description="Why it does not serve"),
        verdict=nullable(STRING, description="Why it was not promoted, or was by force only: its gate does not hold"),
        labels=array(STRING),
        created_at=nullable(DATE_TIME),
        task={"enum": [*TASKS, None]},
        class_names=array(STRING),
        metrics=mapping(NUMBER, description="On held-out rows"),
    ),
    "ModelStatus": object_of(model_version_status=array(reference("VersionStatus"))),
    "VersionStatus": object_of(
        version=pattern("^[0-9]+$"), state=STATE, status=object_of(error_code=STRING, error_message=STRING)
    ),
    "ModelMetadata": object_of(
        model_spec=object_of(name=STRING, signature_name=STRING, version=STRING),
        metadata=object_of(
            signature_def=object_of(signature_def=mapping(reference("Signature"))),
            task={"enum": list(TASKS)},
            class_names=array(STRING),
            instance=reference("InstanceForm"),
        ),
    ),
    "Signature": object_of(inputs=TENSORS, outputs=TENSORS, method_name=STRING, defaults={"type": "object"}),
    "SignatureTensor": object_of(
        dtype={"enum": ["DT_FLOAT", "DT_STRING"]},
        tensor_shape=object_of(dim=array(object_of(size=STRING, name=STRING)), unknown_rank=BOOLEAN),
        name=STRING,
    ),
    "InstanceForm": object_of(
        shape=array(INTEGER, description="Of one raw instance"),
        image={
            "description": "How an instance is a picture, where it is one",
            **either(NULL, object_of(height=INTEGER, width=INTEGER, channels=INTEGER, full=NUMBER)),
        },
        features={
            "description": "The columns, where an instance is a row of a table",
            **either(NULL, array(reference("FeatureForm"))),
        },
    ),
    "FeatureForm": object_of(
        name=STRING,
        kind={"enum": list(KINDS)},
        optional=BOOLEAN,
        categories=nullable(array({"type": ["string", "number", "boolean"]})),
        typical=nullable(NUMBER, description="Its mean in training, where that was fitted"),
    ),
    "LabelRequest": object_of(
        [],
        version=POSITIVE_INTEGER | {"maximum": LARGEST_VERSION, "description": "Needed unless `rollback` is true"},
        rollback=BOOLEAN | {"description": "Back to the version that the label named before"},
        force=BOOLEAN | {"description": "Also when the gate does not hold"},
    )
    | {"anyOf": [{"required": ["version"]}, {"required": ["rollback"], "properties": {"rollback": {"const": True}}}]},
    "LabelMoved": object_of(
        model=STRING, label=STRING, version=POSITIVE_INTEGER, previous=nullable(INTEGER), labels=LABELS
    ),
    "Report": {"type": "object", "description": "The evaluation as it was published: report.json"},
}
EXAMPLES: dict[str, Any] = {
    "ModelStatus": {
        "model_version_status": [
            {"version": "1", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
        ]
    },
    "LabelRequest": {"version": 1},
    "LabelMoved": {"model": "classic", "label": "stable", "version": 1, "previous": None, "labels": {"stable": 1}},
}
