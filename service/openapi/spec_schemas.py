"""The spec of a training, as far as a schema can say it; what must fit together is said when it is submitted."""

from service.openapi.json_schema import (
    BOOLEAN,
    NUMBER,
    TEXT,
    Schema,
    array,
    either,
    mapping,
    object_of,
    reference,
)

__all__ = ["SCHEMAS", "SPEC"]

SPEC = {
    "model": "iris",
    "seed": 7,
    "data": {"source": "sklearn://iris", "validation": 0.15, "test": 0.15},
    "preprocessing": ["standardize"],
    "layers": [{"Dense": {"units": 8, "activation": "relu"}}, {"Dense": {"units": 3, "activation": "softmax"}}],
    "compile": {"optimizer": "adam", "loss": "categorical_crossentropy", "metrics": ["accuracy"]},
    "fit": {"epochs": 15, "batch_size": 16},
    "gate": {"metric": "accuracy", "minimum": 0.8},
}
NULL: Schema = {"type": "null"}
WHOLE: Schema = {"type": "integer", "minimum": 1}
FRACTION: Schema = {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}
KERAS: Schema = reference("KerasObject")
STEPS = {
    "astype": {"const": "float32"},
    "rescale": object_of({"scale": NUMBER, "offset": NUMBER}, required=("scale",)),
    "standardize": NULL,
    "fill": object_of(
        {"strategy": {"enum": ["mean", "median", "most_frequent", "constant"]}, "value": either(NUMBER, TEXT)},
        required=("strategy",),
    ),
    "one_hot": object_of({"columns": array(TEXT, minItems=1)}),
    "resize": array({"type": "integer", "minimum": 1, "maximum": 4096}, minItems=2, maxItems=2),
    "reshape": array(either(WHOLE, {"const": -1}), minItems=1),
}
"""Preprocessing step → its arguments."""

SCHEMAS: dict[str, Schema] = {
    "Spec": object_of(
        {
            "model": {"type": "string", "pattern": "^[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?$"},
            "backend": {"enum": ["tensorflow", "jax", "torch"]},
            "seed": {"type": "integer", "minimum": 0, "maximum": 2**31 - 1},
            "data": reference("SpecData"),
            "preprocessing": array(reference("SpecStep")),
            "input_shape": either(NULL, array(WHOLE, minItems=1)),
            "layers": array(KERAS, minItems=1),
            "compile": reference("SpecCompile"),
            "fit": reference("SpecFit"),
            "resources": object_of({"gpus": {"type": "integer", "minimum": 0, "maximum": 64}}, required=()),
            "gate": either(NULL, reference("SpecGate")),
        },
        required=("model", "data", "layers", "compile"),
    ),
    "KerasObject": {
        "description": "A class of Keras by its name, bare or with its keyword arguments: "
        "`Flatten`, `{Dense: {units: 10}}`",
        **either(
            TEXT,
            {
                "type": "object",
                "minProperties": 1,
                "maxProperties": 1,
                "additionalProperties": {"type": ["object", "null"]},
            },
        ),
    },
    "SpecData": object_of(
        {
            "source": TEXT
            | {
                "description": "`dataset://…`, `sklearn://…`, `keras://…`, a file, a folder of images, "
                "or an object-store URL"
            },
            "features": either(NULL, TEXT, array(TEXT, minItems=1)),
            "target": either(NULL, TEXT),
            "validation": either(FRACTION, TEXT),
            "test": either(FRACTION, TEXT),
            "class_names": either(NULL, array({"type": ["string", "integer"]}, minItems=1, uniqueItems=True)),
        },
        required=("source",),
    ),
    "SpecStep": either(
        {"enum": ["astype", "standardize"]},
        *(object_of({name: arguments}) for name, arguments in STEPS.items()),
    ),
    "SpecCompile": object_of(
        {"optimizer": KERAS, "loss": KERAS, "metrics": array(KERAS)},
        required=("loss",),
    ),
    "SpecFit": object_of(
        {
            "epochs": {"type": "integer", "minimum": 1, "maximum": 1_000_000},
            "batch_size": {"type": "integer", "minimum": 1, "maximum": 2**20},
            "callbacks": array(KERAS),
            "class_weight": either(
                NULL, {"const": "balanced"}, mapping({"type": "number", "exclusiveMinimum": 0}) | {"minProperties": 1}
            ),
            "precision": {"enum": ["float32", "mixed_float16", "mixed_bfloat16"]},
            "shuffle": BOOLEAN,
            "timeout_s": either(NULL, {"type": "number", "exclusiveMinimum": 0}),
        },
        required=(),
    ),
    "SpecGate": object_of(
        {
            "metric": TEXT,
            "minimum": {"type": ["number", "null"]},
            "not_worse_than": either(NULL, {"type": "string", "pattern": "^[a-zA-Z0-9_]{1,64}$"}),
            "tolerance": {"type": "number", "minimum": 0},
            "per_class": BOOLEAN,
        },
        required=("metric",),
    ),
}
