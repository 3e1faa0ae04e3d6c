"""Schemas of predictions in TensorFlow Serving's protocol.

None refers to itself, and none is a choice of forms: generators of clients lose what does.
"""

from typing import Any

from service.openapi.json_schema import (
    BINARY,
    NUMBER,
    OBJECT,
    STRING,
    Schema,
    array,
    either,
    enumeration,
    object_of,
    reference,
)

__all__ = ["EXAMPLES", "SCHEMAS"]

SIGNATURE: Schema = enumeration("serving_default", "", description="Every version has one signature")
INSTANCES: Schema = array(reference("Instance"), minItems=1)
ROW = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]

SCHEMAS: dict[str, Schema] = {
    "Instance": {
        "description": "One example: a list nested in its raw shape, or flat; an object keyed by feature name; or "
        '`{"b64": …}` of a PNG, JPEG, WebP, BMP or GIF where the model takes images. A value is a number, '
        "the text of a category, a date as 2024-05-31, or null where a gap is filled",
    },
    "PredictRequest": object_of(
        [],
        additional=True,
        instances=INSTANCES | {"description": "Row form: one item for each instance"},
        inputs={
            "description": "Columnar form: the batch bare, as `{input name: batch}`, or a table as `{column: values}`"
        },
        signature_name=SIGNATURE,
    )
    | {"description": "Row form (`instances`) or columnar form (`inputs`): one of the two", "minProperties": 1},
    "ExamplesRequest": object_of(
        [],
        additional=True,
        examples=INSTANCES | {"description": "One item for each example"},
        instances=INSTANCES | {"description": "The same under the name that predictions have for it"},
        context=OBJECT | {"description": "Features that all examples have in common"},
        signature_name=SIGNATURE,
    )
    | {"description": "Examples with the features that they have in common, or instances", "minProperties": 1},
    "Predictions": object_of(
        [],
        predictions=reference("Rows") | {"description": "The answer to `instances`"},
        outputs=reference("Rows") | {"description": "The answer to `inputs`"},
    )
    | {
        "description": "One row of outputs for each instance, in order, under one of the two names",
        "minProperties": 1,
        "maxProperties": 1,
    },
    "Rows": array(array(NUMBER, minItems=1), minItems=1, description="Row after row: probabilities, or numbers"),
    "Classifications": object_of(
        results=array(
            array(array(either(STRING, NUMBER), minItems=2, maxItems=2), minItems=1),
            minItems=1,
            description="For each instance `[label, score]`, best first; what the version's `threshold` takes comes "
            "before the others",
        )
    )
    | {"description": "Labels with their scores"},
    "FileForm": object_of(file=BINARY | {"description": "Its type, else its name, says what it is"})
    | {"description": "A form with one file, which is answered as that file would be by itself"},
    "Regressions": object_of(
        results=array(NUMBER, minItems=1, description="One for each instance, in order"),
    )
    | {"description": "Numbers of a model with a regression head"},
}
EXAMPLES: dict[str, Any] = {
    "Instance": ROW,
    "PredictRequest": {"instances": [ROW]},
    "ExamplesRequest": {"examples": [ROW]},
    "Predictions": {"predictions": [[0.7, 0.2, 0.1]]},
    "Rows": [[0.7, 0.2, 0.1]],
    "Classifications": {"results": [[["class 0", 0.7], ["class 1", 0.2]]]},
    "Regressions": {"results": [1.5]},
    "FileForm": {"file": "0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8\n"},
}
