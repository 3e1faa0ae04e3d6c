"""Schemas of the spec of a training, as far as a schema can say it; how its parts must fit is checked on submission."""

from typing import Any

from service.openapi.json_schema import (
    BOOLEAN,
    NULL,
    NUMBER,
    POSITIVE_INTEGER,
    TEXT,
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

FRACTION: Schema = {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}
SHARE: Schema = {"type": "number", "minimum": 0, "exclusiveMaximum": 1}
POSITIVE: Schema = {"type": "number", "exclusiveMinimum": 0}
KERAS: Schema = reference("KerasObject")
STRATEGIES = ["mean", "median", "most_frequent", "constant"]

SCHEMAS: dict[str, Schema] = {
    "Spec": object_of(
        ["model", "data", "layers", "compile"],
        model=pattern("^[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?$"),
        backend={"enum": ["tensorflow", "jax", "torch"]},
        seed={"type": "integer", "minimum": 0, "maximum": 2**31 - 1},
        data=reference("SpecData"),
        target=either(NULL, object_of([], standardize=BOOLEAN)),
        threshold=either(NULL, FRACTION, array(FRACTION, minItems=1)),
        preprocessing=array(reference("SpecStep")),
        input_shape=either(NULL, array(POSITIVE_INTEGER, minItems=1)),
        layers=array(KERAS, minItems=1),
        compile=reference("SpecCompile"),
        fit=reference("SpecFit"),
        resources=object_of([], gpus={"type": "integer", "minimum": 0, "maximum": 64}),
        gate=either(NULL, reference("SpecGate")),
    ),
    "KerasObject": {
        "description": "A class of Keras by its name, bare or with its keyword arguments: "
        "`Flatten`, `{Dense: {units: 10}}`",
        **either(TEXT, mapping({"type": ["object", "null"]}, minProperties=1, maxProperties=1)),
    },
    "SpecData": object_of(
        ["source"],
        source=TEXT
        | {
            "description": "`dataset://…`, `sklearn://…`, `keras://…`, a file, a folder of images, "
            "or an object-store URL"
        },
        features=either(NULL, TEXT, array(TEXT, minItems=1)),
        target=either(NULL, TEXT, object_of([], name=either(NULL, TEXT), standardize=BOOLEAN)),
        validation=either(SHARE, TEXT),
        test=either(FRACTION, TEXT),
        class_names=either(NULL, array({"type": ["string", "integer"]}, minItems=1, uniqueItems=True)),
        csv=either(NULL, reference("SpecCsv")),
        drop_missing_target=nullable(BOOLEAN),
    ),
    "SpecCsv": object_of(
        [],
        separator=either(NULL, {"type": "string", "minLength": 1, "maxLength": 1}),
        decimal=either(NULL, {"enum": [".", ","]}),
        encoding=either(NULL, TEXT),
        header=nullable(BOOLEAN),
    ),
    "SpecStep": either(
        {"enum": ["astype", "standardize"]},
        object_of(astype={"const": "float32"}),
        object_of(rescale=object_of(["scale"], scale=NUMBER, offset=NUMBER)),
        object_of(standardize=NULL),
        object_of(fill=object_of(["strategy"], strategy={"enum": STRATEGIES}, value=either(NUMBER, TEXT))),
        object_of(date=object_of(["columns"], columns=array(TEXT, minItems=1))),
        object_of(
            one_hot=object_of(["columns"], columns=array(TEXT, minItems=1), unknown={"enum": ["error", "other"]})
        ),
        object_of(resize=array(POSITIVE_INTEGER | {"maximum": 4096}, minItems=2, maxItems=2)),
        object_of(reshape=array(either(POSITIVE_INTEGER, {"const": -1}), minItems=1)),
    ),
    "SpecCompile": object_of(["loss"], optimizer=KERAS, loss=KERAS, metrics=array(KERAS)),
    "SpecFit": object_of(
        [],
        epochs=POSITIVE_INTEGER | {"maximum": 1_000_000},
        batch_size=POSITIVE_INTEGER | {"maximum": 2**20},
        callbacks=array(KERAS),
        class_weight=either(NULL, {"const": "balanced"}, mapping(POSITIVE, minProperties=1)),
        precision={"enum": ["float32", "mixed_float16", "mixed_bfloat16"]},
        shuffle=BOOLEAN,
        timeout_s=either(NULL, POSITIVE),
    ),
    "SpecGate": object_of(
        ["metric"],
        metric=TEXT,
        minimum=nullable(NUMBER),
        not_worse_than=either(NULL, pattern("^[a-zA-Z0-9_]{1,64}$")),
        tolerance={"type": "number", "minimum": 0},
        per_class=BOOLEAN,
    ),
}
EXAMPLES: dict[str, Any] = {
    "Spec": {
        "model": "iris",
        "seed": 7,
        "data": {"source": "sklearn://iris", "validation": 0.15, "test": 0.15},
        "preprocessing": ["standardize"],
        "layers": [{"Dense": {"units": 8, "activation": "relu"}}, {"Dense": {"units": 3, "activation": "softmax"}}],
        "compile": {"optimizer": "adam", "loss": "categorical_crossentropy", "metrics": ["accuracy"]},
        "fit": {"epochs": 15, "batch_size": 16},
        "gate": {"metric": "accuracy", "minimum": 0.8},
    }
}
