"""What is published and what is loaded: status, metadata, labels, reports."""

from models.preprocessing.instances import KINDS
from service.openapi.json_schema import (
    BOOLEAN,
    INTEGER,
    NUMBER,
    STRING,
    Content,
    Operation,
    Reply,
    Schema,
    array,
    json_reply,
    mapping,
    object_of,
    reference,
)

__all__ = ["OPERATIONS", "SCHEMAS"]

TAG = "Models"
STATE: Schema = {"enum": ["START", "LOADING", "AVAILABLE", "UNLOADING", "END"]}
TASK: Schema = {"enum": ["softmax", "sigmoid", "multilabel", "regression", None]}
VERSION: Schema = {"type": "integer", "minimum": 1}
TENSORS: Schema = mapping(reference("SignatureTensor"))

SCHEMAS: dict[str, Schema] = {
    "Models": object_of({"models": array(reference("Model"))}),
    "Model": object_of(
        {
            "name": STRING,
            "default_version": {
                "type": ["integer", "null"],
                "description": "What answers a request without version or label",
            },
            "labels": mapping(VERSION),
            "versions": array(reference("Version"), description="The newest first"),
        }
    ),
    "Version": object_of(
        {
            "version": VERSION,
            "state": STATE,
            "error": {"type": ["string", "null"], "description": "Why it does not serve"},
            "labels": array(STRING),
            "created_at": {"type": ["string", "null"], "format": "date-time"},
            "task": TASK,
            "class_names": array(STRING),
            "metrics": mapping(NUMBER) | {"description": "On held-out rows"},
        }
    ),
    "ModelStatus": object_of({"model_version_status": array(reference("VersionStatus"))}),
    "VersionStatus": object_of(
        {
            "version": {"type": "string", "pattern": "^[0-9]+$"},
            "state": STATE,
            "status": object_of({"error_code": STRING, "error_message": STRING}),
        }
    ),
    "ModelMetadata": object_of(
        {
            "model_spec": object_of({"name": STRING, "signature_name": STRING, "version": STRING}),
            "metadata": object_of(
                {
                    "signature_def": object_of({"signature_def": mapping(reference("Signature"))}),
                    "class_names": array(STRING),
                    "instance": reference("InstanceForm"),
                }
            ),
        }
    ),
    "Signature": object_of(
        {"inputs": TENSORS, "outputs": TENSORS, "method_name": STRING, "defaults": {"type": "object"}}
    ),
    "SignatureTensor": object_of(
        {
            "dtype": {"enum": ["DT_FLOAT", "DT_STRING"]},
            "tensor_shape": object_of(
                {"dim": array(object_of({"size": STRING, "name": STRING})), "unknown_rank": BOOLEAN}
            ),
            "name": STRING,
        }
    ),
    "InstanceForm": object_of(
        {
            "shape": array(INTEGER, description="Of one raw instance"),
            "image": {
                "description": "How an instance is a picture, where it is one",
                "anyOf": [
                    {"type": "null"},
                    object_of({"height": INTEGER, "width": INTEGER, "channels": INTEGER, "full": NUMBER}),
                ],
            },
            "features": {
                "description": "The columns, where an instance is a row of a table",
                "anyOf": [{"type": "null"}, array(reference("FeatureForm"))],
            },
        }
    ),
    "FeatureForm": object_of(
        {
            "name": STRING,
            "kind": {"enum": list(KINDS)},
            "optional": BOOLEAN,
            "categories": {"type": ["array", "null"], "items": {"type": ["string", "number", "boolean"]}},
            "typical": {"type": ["number", "null"], "description": "Its mean in training, where that was fitted"},
        }
    ),
    "LabelRequest": object_of(
        {
            "version": VERSION | {"maximum": 2**53},
            "force": BOOLEAN | {"description": "Also when the gate does not hold"},
        },
        required=("version",),
    ),
    "LabelMoved": object_of({"model": STRING, "label": STRING, "version": VERSION, "labels": mapping(VERSION)}),
    "Report": {"type": "object", "description": "The evaluation as it was published: report.json"},
}

OPERATIONS: dict[str, Operation] = {
    "model_status.list_models": Operation(
        TAG,
        "Every model, its versions and their states, labels and metrics",
        {200: json_reply("The models", reference("Models"))},
    ),
    "model_status.show_status": Operation(
        TAG,
        "TensorFlow Serving's status of a model or a version",
        {
            200: json_reply(
                "The newest version first",
                reference("ModelStatus"),
                {
                    "model_version_status": [
                        {"version": "1", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
                    ]
                },
            )
        },
        errors=(400, 404, 503),
    ),
    "model_status.show_metadata": Operation(
        TAG,
        "TensorFlow Serving's metadata of a version: what it takes and gives",
        {200: json_reply("The metadata", reference("ModelMetadata"), X_Onehot_Model_Version="The version described")},
        errors=(400, 404, 503),
    ),
    "model_status.show_report": Operation(
        TAG,
        "The evaluation of a version",
        {200: json_reply("report.json", reference("Report"))},
        errors=(400, 404, 503),
    ),
    "labels.put_label": Operation(
        TAG,
        "Move a label to a version",
        {
            200: json_reply(
                "It points there now",
                reference("LabelMoved"),
                {"model": "classic", "label": "stable", "version": 1, "labels": {"stable": 1}},
            )
        },
        body=(Content(reference("LabelRequest"), {"version": 1}),),
        errors=(400, 404, 409, 413, 415, 503, 507),
        description="Refused with 409 when the version's gate does not hold, unless `force` is true.",
    ),
    "labels.delete_label": Operation(
        TAG, "Take a label away; its version stays", {204: Reply("It is gone")}, errors=(400, 404, 503, 507)
    ),
}
