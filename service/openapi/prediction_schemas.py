"""Schemas of predictions in TensorFlow Serving's protocol."""

from typing import Any

from service.openapi.json_schema import NUMBER, STRING, Schema, array, either, object_of, reference

__all__ = ["EXAMPLES", "SCHEMAS"]

SIGNATURE: Schema = {"enum": ["serving_default", ""], "description": "Every version has one signature"}
INSTANCES: Schema = array(reference("Instance"), minItems=1)
OBJECT: Schema = {"type": "object"}
ROWS: Schema = reference("Rows")
SCALAR: Schema = {"type": ["number", "string", "boolean", "null"]}
ROW = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]


def _batch_form(key: str, *, without: str, **properties: Schema) -> Schema:
    """A request with its batch under one key, and none under another."""
    form = object_of([key], additional=True, signature_name=SIGNATURE, **properties)
    return form | {"not": {"required": [without]}}


SCHEMAS: dict[str, Schema] = {
    "Instance": {
        "description": "One example: nested in its raw shape, flat, an object keyed by feature name, "
        'or `{"b64": …}` of a PNG, JPEG, WebP, BMP or GIF where the model takes images',
        **either(array(reference("Value")), OBJECT),
    },
    "Value": {
        "description": "A number, the text of a category, a date as 2024-05-31, null where a gap is filled, "
        "or a list of these",
        **either(SCALAR, array(reference("Value"))),
    },
    "PredictRequest": {
        "description": "Row form (`instances`) or columnar form (`inputs`)",
        "oneOf": [
            _batch_form("instances", without="inputs", instances=INSTANCES),
            _batch_form(
                "inputs",
                without="instances",
                inputs={
                    "description": "The batch bare, as `{input name: batch}`, or a table as `{column: values}`",
                    **either(INSTANCES, OBJECT),
                },
            ),
        ],
    },
    "ExamplesRequest": {
        "description": "Examples with the features that they have in common, or instances",
        "oneOf": [
            _batch_form("examples", without="instances", examples=INSTANCES, context=OBJECT),
            _batch_form("instances", without="examples", instances=INSTANCES),
        ],
    },
    "Predictions": {
        "description": "One row of outputs for each instance, in order",
        "oneOf": [object_of(predictions=ROWS), object_of(outputs=ROWS)],
    },
    "Rows": array(array(NUMBER, minItems=1), minItems=1),
    "Classifications": object_of(
        results=array(
            array(array(either(STRING, NUMBER), minItems=2, maxItems=2), minItems=1),
            minItems=1,
            description="For each instance `[label, score]`, best first; what the version's `threshold` takes comes "
            "before the others",
        )
    ),
    "Regressions": object_of(results=array(NUMBER, minItems=1)),
}
EXAMPLES: dict[str, Any] = {
    "PredictRequest": {"instances": [ROW]},
    "ExamplesRequest": {"examples": [ROW]},
    "Predictions": {"predictions": [[0.7, 0.2, 0.1]]},
    "Classifications": {"results": [[["class 0", 0.7], ["class 1", 0.2]]]},
    "Regressions": {"results": [1.5]},
}
