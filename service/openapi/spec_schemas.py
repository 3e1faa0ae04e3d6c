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
    enumeration,
    nullable,
    object_of,
    pattern,
    reference,
)

__all__ = ["EXAMPLES", "SCHEMAS", "SPEC"]

FRACTION: Schema = {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}
SHARE: Schema = {"type": "number", "minimum": 0, "exclusiveMaximum": 1}
POSITIVE: Schema = {"type": "number", "exclusiveMinimum": 0}
KERAS: Schema = reference("KerasObject")
STRATEGIES = ["mean", "median", "most_frequent", "constant"]

SCHEMAS: dict[str, Schema] = {
    "Spec": object_of(
        ["model", "data", "layers", "compile"],
        model=pattern("^[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?$", description="Of which a version is published"),
        backend=enumeration("tensorflow", "jax", "torch"),
        seed={"type": "integer", "minimum": 0, "maximum": 2**31 - 1},
        data=reference("SpecData"),
        target=either(NULL, reference("SpecTarget")),
        threshold=either(NULL, FRACTION, array(FRACTION, minItems=1))
        | {"description": "Above it the second of two classes, or a label, holds; one for each label or all"},
        preprocessing=array(reference("SpecStep"), description="In this order, alike in training and serving"),
        input_shape=either(NULL, array(POSITIVE_INTEGER, minItems=1))
        | {"description": "Of one instance; it follows from the data, and must agree where it is given"},
        layers=array(KERAS, minItems=1, description="Of the Sequential, from input to output"),
        compile=reference("SpecCompile"),
        fit=reference("SpecFit"),
        resources=reference("SpecResources"),
        gate=either(NULL, reference("SpecGate")) | {"description": "What holds before `stable` moves to the version"},
        rollout=either(NULL, reference("SpecRollout"))
        | {"description": "How the version comes to be `stable`; at once where it is left out"},
        search=either(NULL, reference("SpecSearch"))
        | {"description": "A search for hyperparameters, whose winner is published"},
    )
    | {"description": "The whole description of one training"},
    "KerasObject": {
        "description": "A class of Keras by its name, bare or with its keyword arguments: "
        "`Flatten`, `{Dense: {units: 10}}`",
        **either(TEXT, {"type": "object", "minProperties": 1, "maxProperties": 1}),
    },
    "SpecTarget": object_of([], standardize=BOOLEAN | {"description": "The loss is one of standardized targets"})
    | {"description": "How the target of a regression is treated"},
    "SpecResources": object_of(
        [],
        gpus={"type": "integer", "minimum": 0, "maximum": 64, "description": "1 or more go to the queue `train-gpu`"},
    )
    | {"description": "What a training needs"},
    "SpecData": object_of(
        ["source"],
        source=TEXT
        | {
            "description": "`dataset://…`, `sklearn://…`, `keras://…`, a file, a folder of images, "
            "or an object-store URL"
        },
        features=either(NULL, TEXT, array(TEXT, minItems=1))
        | {"description": "An array's name, or columns; every column but the target when absent"},
        target=either(NULL, TEXT, reference("SpecNamedTarget")) | {"description": "An array's name, or a column"},
        validation=either(SHARE, TEXT) | {"description": "A fraction, or another source"},
        test=either(FRACTION, TEXT) | {"description": "A fraction, or another source; held out, never seen by fit"},
        class_names=either(NULL, array({"type": ["string", "integer"]}, minItems=1, uniqueItems=True))
        | {"description": "In the order of the outputs; else from the data"},
        csv=either(NULL, reference("SpecCsv")),
        drop_missing_target=nullable(BOOLEAN, description="Leave rows without a target out"),
    )
    | {"description": "What is trained on"},
    "SpecNamedTarget": object_of([], name=either(NULL, TEXT), standardize=BOOLEAN)
    | {"description": "The target's name, and how it is treated"},
    "SpecCsv": object_of(
        [],
        separator=either(NULL, {"type": "string", "minLength": 1, "maxLength": 1}),
        decimal=enumeration(".", ",", None),
        encoding=either(NULL, TEXT),
        header=nullable(BOOLEAN, description="Whether the first line has the names of the columns"),
    )
    | {"description": "How a CSV file is written, where that cannot be told from it"},
    "SpecStep": either(enumeration("astype", "standardize"), reference("SpecStepArguments"))
    | {"description": "A step of the preprocessing: its name, or its name with its arguments"},
    "SpecStepArguments": object_of(
        [],
        astype=enumeration("float32"),
        rescale=reference("SpecRescale"),
        standardize=nullable(object_of([]), description="It has no arguments"),
        fill=reference("SpecFill"),
        date=reference("SpecDate"),
        one_hot=reference("SpecOneHot"),
        resize=array(POSITIVE_INTEGER | {"maximum": 4096}, minItems=2, maxItems=2, description="Height and width"),
        reshape=array({"type": "integer", "minimum": -1, "not": {"const": 0}}, minItems=1),
    )
    | {"description": "One step with its arguments", "minProperties": 1, "maxProperties": 1},
    "SpecRescale": object_of(["scale"], scale=NUMBER, offset=NUMBER)
    | {"description": "Each value times `scale`, plus `offset`"},
    "SpecFill": object_of(["strategy"], strategy=enumeration(*STRATEGIES), value=either(NUMBER, TEXT))
    | {"description": "What stands in for missing values; `value` with the strategy `constant`"},
    "SpecDate": object_of(["columns"], columns=array(TEXT, minItems=1))
    | {"description": "Year, month, weekday and day of the year of columns of dates"},
    "SpecOneHot": object_of(
        ["columns"],
        columns=array(TEXT, minItems=1),
        unknown=enumeration("error", "other", description="What happens to a category that training did not see"),
    )
    | {"description": "A column for each category"},
    "SpecCompile": object_of(["loss"], optimizer=KERAS, loss=KERAS, metrics=array(KERAS))
    | {"description": "What `compile` of Keras takes"},
    "SpecFit": object_of(
        [],
        epochs=POSITIVE_INTEGER | {"maximum": 1_000_000},
        batch_size=POSITIVE_INTEGER | {"maximum": 2**20},
        callbacks=array(KERAS),
        class_weight=either(NULL, pattern("^balanced$"), {"type": "object", "minProperties": 1})
        | {"description": "`balanced`, or class → weight"},
        precision=enumeration("float32", "mixed_float16", "mixed_bfloat16"),
        shuffle=BOOLEAN,
        timeout_s=either(NULL, POSITIVE) | {"description": "After which the training fails"},
    )
    | {"description": "What `fit` of Keras takes"},
    "SpecGate": object_of(
        ["metric"],
        metric=TEXT | {"description": "Of the held-out rows"},
        minimum=nullable(NUMBER, description="What it must reach"),
        not_worse_than=either(NULL, pattern("^[a-zA-Z0-9_]{1,64}$"))
        | {"description": "A label: the version must not be worse than the one that it names"},
        tolerance={"type": "number", "minimum": 0, "description": "By how much it may be worse"},
        per_class=BOOLEAN | {"description": "Whether that must hold for each class"},
    )
    | {"description": "What must hold before `stable` moves to the version"},
}
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
EXAMPLES: dict[str, Any] = {
    "Spec": SPEC,
    "KerasObject": {"Dense": {"units": 8, "activation": "relu"}},
    "SpecTarget": {"standardize": True},
    "SpecResources": {"gpus": 1},
    "SpecData": SPEC["data"],
    "SpecNamedTarget": {"name": "species"},
    "SpecCsv": {"separator": ";", "decimal": ","},
    "SpecStep": {"rescale": {"scale": 0.0625, "offset": 0.0}},
    "SpecStepArguments": {"rescale": {"scale": 0.0625, "offset": 0.0}},
    "SpecRescale": {"scale": 0.0625, "offset": 0.0},
    "SpecFill": {"strategy": "median"},
    "SpecDate": {"columns": ["sold_on"]},
    "SpecOneHot": {"columns": ["island"], "unknown": "other"},
    "SpecCompile": SPEC["compile"],
    "SpecFit": SPEC["fit"],
    "SpecGate": SPEC["gate"],
}
