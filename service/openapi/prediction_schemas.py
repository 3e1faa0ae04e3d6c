"""Predictions, as TensorFlow Serving speaks."""

from http import HTTPStatus

from service.openapi.json_schema import (
    JSON,
    NUMBER,
    STRING,
    Content,
    Operation,
    Reply,
    Schema,
    array,
    either,
    object_of,
    query,
    reference,
)

__all__ = ["OPERATIONS", "SCHEMAS"]

TAG = "Predictions"
ROW = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]
SIGNATURE: Schema = {"enum": ["serving_default", ""], "description": "Every version has one signature"}
INSTANCES: Schema = array(reference("Instance"), minItems=1)
VERSION_HEADER = {"X-Onehot-Model-Version": "The version that answered"}
ERRORS = (400, 404, 413, 415, 429, 503, 504)

SCHEMAS: dict[str, Schema] = {
    "Instance": {
        "description": "One example: nested in its raw shape, flat, an object keyed by feature name, "
        'or `{"b64": …}` of a PNG or JPEG where the model takes images',
        **either(array(reference("Value")), {"type": "object"}),
    },
    "Value": {
        "description": "A number, the text of a category, null where a gap is filled, or a list of these",
        **either({"type": ["number", "string", "boolean", "null"]}, array(reference("Value"))),
    },
    "PredictRequest": {
        "description": "Row form (`instances`) or columnar form (`inputs`)",
        "oneOf": [
            object_of({"instances": INSTANCES, "signature_name": SIGNATURE}, required=("instances",), open_to_more=True)
            | {"not": {"required": ["inputs"]}},
            object_of(
                {
                    "inputs": {
                        "description": "The batch bare, or as `{input name: batch}`",
                        **either(INSTANCES, {"type": "object"}),
                    },
                    "signature_name": SIGNATURE,
                },
                required=("inputs",),
                open_to_more=True,
            )
            | {"not": {"required": ["instances"]}},
        ],
    },
    "ExamplesRequest": {
        "description": "Examples with the features that they have in common, or instances",
        "oneOf": [
            object_of(
                {"examples": INSTANCES, "context": {"type": "object"}, "signature_name": SIGNATURE},
                required=("examples",),
                open_to_more=True,
            )
            | {"not": {"required": ["instances"]}},
            object_of({"instances": INSTANCES, "signature_name": SIGNATURE}, required=("instances",), open_to_more=True)
            | {"not": {"required": ["examples"]}},
        ],
    },
    "Predictions": {
        "description": "One row of outputs for each instance, in order",
        "oneOf": [
            object_of({"predictions": reference("Rows")}),
            object_of({"outputs": reference("Rows")}),
        ],
    },
    "Rows": array(array(NUMBER, minItems=1), minItems=1),
    "Classifications": object_of(
        {
            "results": array(
                array(array(either(STRING, NUMBER), minItems=2, maxItems=2), minItems=1),
                minItems=1,
                description="For each instance `[label, score]`, best first",
            )
        }
    ),
    "Regressions": object_of({"results": array(NUMBER, minItems=1)}),
}


def _bodies(schema: str, example: object) -> tuple[Content, ...]:
    return (
        Content(reference(schema), example),
        Content(content_type="application/x-npy"),
        Content({"type": "string"}, "0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8\n", "text/csv"),
        Content(content_type="image/png"),
        Content(content_type="image/jpeg"),
    )


def _answer(description: str, schema: str, example: object, *more: Content) -> dict[int, Reply]:
    return {HTTPStatus.OK: Reply(description, (Content(reference(schema), example, JSON), *more), VERSION_HEADER)}


OPERATIONS: dict[str, Operation] = {
    "prediction.predict": Operation(
        TAG,
        "Predict for a batch of instances",
        _answer(
            "The predictions",
            "Predictions",
            {"predictions": [[0.7, 0.2, 0.1]]},
            Content(content_type="application/x-npy"),
        ),
        body=_bodies("PredictRequest", {"instances": [ROW]}),
        errors=ERRORS,
        description="`Accept: application/x-npy` gives the predictions as a numpy array. gzip is read and written.",
    ),
    "prediction.classify": Operation(
        TAG,
        "Labels with their scores for each instance, best first",
        _answer("Labels and scores", "Classifications", {"results": [[["class 0", 0.7], ["class 1", 0.2]]]}),
        body=_bodies("ExamplesRequest", {"examples": [ROW]}),
        errors=ERRORS,
        parameters=(
            query("top_k", {"type": "integer", "minimum": 1, "maximum": 999_999_999}, "How many labels at most"),
        ),
    ),
    "prediction.regress": Operation(
        TAG,
        "One number for each instance, of a model with a regression head",
        _answer("The numbers", "Regressions", {"results": [1.5]}),
        body=_bodies("ExamplesRequest", {"examples": [ROW]}),
        errors=ERRORS,
    ),
}
