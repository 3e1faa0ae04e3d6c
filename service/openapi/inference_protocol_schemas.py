"""Schemas of the Open Inference Protocol V2."""

from typing import Any

from service.openapi.json_schema import (
    BOOLEAN,
    STRING,
    Schema,
    array,
    enumeration,
    mapping,
    nullable,
    object_of,
    reference,
)
from service.protocols.inference_protocol.datatypes import DATATYPES

__all__ = ["EXAMPLES", "SCHEMAS"]

DATATYPE: Schema = enumeration(*sorted(DATATYPES), description="The protocol's word for the type of a value")
SIZE: Schema = {"type": "integer", "minimum": 0}
PARAMETERS: Schema = nullable(
    mapping({"type": ["string", "number", "boolean"]}), description="What the protocol's extensions ask for"
)
STATES = ("LOADING", "READY", "UNLOADING", "UNAVAILABLE", "UNKNOWN")

SCHEMAS: dict[str, Schema] = {
    "V2Server": object_of(name=STRING, version=STRING, extensions=array(STRING)) | {"description": "Who answers"},
    "V2Live": object_of(live=BOOLEAN) | {"description": "The process answers"},
    "V2Ready": object_of(live=BOOLEAN, ready=BOOLEAN) | {"description": "The service is ready to predict"},
    "V2NotReady": object_of(live=BOOLEAN, ready=BOOLEAN, error=STRING | {"description": "What it waits for"})
    | {"description": "The service is not ready yet"},
    "V2Model": object_of(
        name=STRING,
        versions=array(STRING),
        platform=STRING,
        inputs=array(reference("V2TensorInfo")),
        outputs=array(reference("V2TensorInfo")),
    )
    | {"description": "What a version takes and gives"},
    "V2TensorInfo": object_of(
        name=STRING,
        datatype=DATATYPE,
        shape=array({"type": "integer", "minimum": -1}, description="-1 is any size: that of the batch"),
    )
    | {"description": "An input or an output of a version"},
    "V2ModelReady": object_of(name=STRING, ready=BOOLEAN) | {"description": "Whether a version answers"},
    "V2Request": object_of(
        ["inputs"],
        additional=True,
        id=nullable(STRING),
        parameters=PARAMETERS,
        inputs=array(reference("V2Input"), minItems=1, description="One; or one for each named column of a table"),
        outputs=nullable(array(reference("V2Wish")), description="Which outputs, and in which form; all when absent"),
    )
    | {"description": "A batch as tensors"},
    "V2Input": object_of(
        ["name", "shape", "datatype"],
        additional=True,
        name=STRING,
        shape=array(SIZE, minItems=1),
        datatype=DATATYPE,
        parameters=PARAMETERS,
        data={"description": "Flat or nested; absent where `binary_data_size` says how many bytes follow the JSON"},
    )
    | {"description": "One tensor of a request"},
    "V2Wish": object_of(["name"], additional=True, name=STRING, parameters=PARAMETERS)
    | {
        "description": "An output that is asked for: `binary_data: true`, or `classification: 3` for the "
        "three best labels"
    },
    "V2Response": object_of(
        ["model_name", "model_version", "outputs"],
        model_name=STRING,
        model_version=STRING,
        id=STRING | {"description": "The one that the request brought"},
        outputs=array(reference("V2Output"), minItems=1),
    )
    | {"description": "The outputs of a batch as tensors"},
    "V2Output": object_of(
        ["name", "shape", "datatype"],
        name=STRING,
        shape=array(SIZE),
        datatype=DATATYPE,
        data=array(
            {"type": ["number", "string"]}, description="Flat; absent where the values follow the JSON as bytes"
        ),
        parameters=reference("V2OutputParameters"),
    )
    | {"description": "One tensor of an answer"},
    "V2OutputParameters": object_of(binary_data_size=SIZE | {"description": "How many bytes follow the JSON"})
    | {"description": "That an output follows as bytes"},
    "V2IndexRequest": object_of([], additional=True, ready=BOOLEAN | {"description": "Only what answers"})
    | {"description": "Which versions are listed"},
    "V2Index": array(reference("V2IndexEntry"), description="Every version of every model"),
    "V2IndexEntry": object_of(
        ["name", "state", "reason"],
        name=STRING,
        version=STRING,
        state=enumeration(*STATES),
        reason=STRING | {"description": "Why it does not answer; empty where it does"},
    )
    | {"description": "A version with its state"},
}
INPUT = {"name": "x", "shape": [1, 8], "datatype": "FP32", "data": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]}
OUTPUT = {"name": "probabilities", "shape": [1, 3], "datatype": "FP32", "data": [0.7, 0.2, 0.1]}
ENTRY = {"name": "classic", "version": "1", "state": "READY", "reason": ""}
TAKEN = {"name": "x", "datatype": "FP32", "shape": [-1, 8]}
EXAMPLES: dict[str, Any] = {
    "V2Server": {"name": "onehot", "version": "0.2.0", "extensions": ["binary_tensor_data", "classification"]},
    "V2Live": {"live": True},
    "V2Ready": {"live": True, "ready": True},
    "V2NotReady": {"live": True, "ready": False, "error": "not ready: the versions are being loaded"},
    "V2Model": {
        "name": "classic",
        "versions": ["1", "2"],
        "platform": "onnxruntime_onnx",
        "inputs": [TAKEN],
        "outputs": [{"name": "probabilities", "datatype": "FP32", "shape": [-1, 3]}],
    },
    "V2TensorInfo": TAKEN,
    "V2ModelReady": {"name": "classic", "ready": True},
    "V2Request": {"inputs": [INPUT]},
    "V2Input": INPUT,
    "V2Wish": {"name": "probabilities", "parameters": {"binary_data": True}},
    "V2Response": {"model_name": "classic", "model_version": "1", "outputs": [OUTPUT]},
    "V2Output": OUTPUT,
    "V2OutputParameters": {"binary_data_size": 12},
    "V2IndexRequest": {"ready": True},
    "V2Index": [ENTRY],
    "V2IndexEntry": ENTRY,
}
