"""Schemas of what a version takes and gives, as TensorFlow Serving's metadata have it."""

from typing import Any

from models.names import TASKS
from models.preprocessing.cell_forms import FORMS
from models.preprocessing.instances import KINDS
from service.openapi.json_schema import (
    BOOLEAN,
    INTEGER,
    NULL,
    NUMBER,
    OBJECT,
    STRING,
    Schema,
    array,
    either,
    enumeration,
    mapping,
    nullable,
    object_of,
    reference,
)

__all__ = ["EXAMPLES", "SCHEMAS"]

FRACTION: Schema = {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}
TENSORS: Schema = mapping(reference("SignatureTensor"), description="Name → tensor")

SCHEMAS: dict[str, Schema] = {
    "ModelMetadata": object_of(
        model_spec=reference("ModelSpec"),
        metadata=reference("VersionMetadata"),
    )
    | {"description": "TensorFlow Serving's metadata of a version"},
    "ModelSpec": object_of(name=STRING, signature_name=STRING, version=STRING)
    | {"description": "The version that is described"},
    "VersionMetadata": object_of(
        signature_def=reference("SignatureMap"),
        task=enumeration(*TASKS, description="What its head computes"),
        class_names=array(STRING, description="In the order of the outputs"),
        threshold=either(NULL, FRACTION, array(FRACTION, minItems=1))
        | {"description": "Above it the second of two classes, or a label, holds; one for each label or all"},
        instance=reference("InstanceForm"),
    )
    | {"description": "What a version takes and gives"},
    "SignatureMap": object_of(signature_def=mapping(reference("Signature"), description="Name → signature"))
    | {"description": "The signatures: every version has one, `serving_default`"},
    "Signature": object_of(inputs=TENSORS, outputs=TENSORS, method_name=STRING, defaults=OBJECT)
    | {"description": "Inputs and outputs of a call"},
    "SignatureTensor": object_of(
        dtype=enumeration("DT_FLOAT", "DT_STRING"), tensor_shape=reference("TensorShape"), name=STRING
    )
    | {"description": "An input or an output"},
    "TensorShape": object_of(dim=array(reference("TensorDimension")), unknown_rank=BOOLEAN)
    | {"description": "The shape of a tensor"},
    "TensorDimension": object_of(size=STRING | {"description": "-1 is any size: that of the batch"}, name=STRING)
    | {"description": "One axis of a tensor"},
    "InstanceForm": object_of(
        shape=array(INTEGER, description="Of one raw instance"),
        image={
            "description": "How an instance is a picture, where it is one",
            **either(NULL, reference("ImageForm")),
        },
        features={
            "description": "The columns, where an instance is a row of a table",
            **either(NULL, array(reference("FeatureForm"))),
        },
    )
    | {"description": "What an instance looks like before it is preprocessed"},
    "ImageForm": object_of(
        height=INTEGER,
        width=INTEGER,
        channels=INTEGER,
        full=NUMBER | {"description": "The value of a white pixel"},
    )
    | {"description": "How an instance is a picture"},
    "FeatureForm": object_of(
        ["name", "kind", "optional", "categories", "typical"],
        name=STRING,
        kind=enumeration(*KINDS, description="What its cells are"),
        optional=BOOLEAN | {"description": "Whether a gap is filled"},
        form=enumeration(*FORMS, description="Another spelling of its cells, as in training: 12%, 3,750 …"),
        categories=nullable(
            array({"type": ["string", "number", "boolean"]}), description="Those that were seen in training"
        ),
        typical=nullable(NUMBER, description="Its mean in training, where that was fitted"),
    )
    | {"description": "A column of a table"},
}
DIMENSION = {"size": "-1", "name": ""}
SHAPE = {"dim": [DIMENSION, {"size": "2", "name": ""}], "unknown_rank": False}
TENSOR = {"dtype": "DT_FLOAT", "tensor_shape": SHAPE, "name": "x"}
SIGNATURE = {
    "inputs": {"x": TENSOR},
    "outputs": {"y": TENSOR | {"name": "y"}},
    "method_name": "tensorflow/serving/predict",
    "defaults": {},
}
SIGNATURES = {"signature_def": {"serving_default": SIGNATURE}}
FEATURE = {"name": "petal", "kind": "number", "optional": False, "categories": None, "typical": 3.76}
INSTANCE = {"shape": [2], "image": None, "features": [FEATURE, FEATURE | {"name": "sepal", "typical": 5.84}]}
METADATA = {
    "signature_def": SIGNATURES,
    "task": "softmax",
    "class_names": ["setosa", "versicolor"],
    "threshold": None,
    "instance": INSTANCE,
}
MODEL_SPEC = {"name": "iris", "signature_name": "", "version": "1"}
EXAMPLES: dict[str, Any] = {
    "ModelMetadata": {"model_spec": MODEL_SPEC, "metadata": METADATA},
    "ModelSpec": MODEL_SPEC,
    "VersionMetadata": METADATA,
    "SignatureMap": SIGNATURES,
    "Signature": SIGNATURE,
    "SignatureTensor": TENSOR,
    "TensorShape": SHAPE,
    "TensorDimension": DIMENSION,
    "InstanceForm": INSTANCE,
    "ImageForm": {"height": 28, "width": 28, "channels": 1, "full": 255.0},
    "FeatureForm": FEATURE,
}
