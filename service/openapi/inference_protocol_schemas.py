"""Schemas of the Open Inference Protocol V2."""

from typing import Any

from service.openapi.json_schema import BOOLEAN, STRING, Schema, array, mapping, nullable, object_of, reference
from service.protocols.inference_protocol.datatypes import DATATYPES

__all__ = ["EXAMPLES", "SCHEMAS"]

DATATYPE: Schema = {"enum": sorted(DATATYPES)}
SIZE: Schema = {"type": "integer", "minimum": 0}
PARAMETERS: Schema = nullable(mapping({"type": ["string", "number", "boolean"]}))
STATES = ("LOADING", "READY", "UNLOADING", "UNAVAILABLE", "UNKNOWN")

SCHEMAS: dict[str, Schema] = {
    "V2Server": object_of(name=STRING, version=STRING, extensions=array(STRING)),
    "V2Live": object_of(live=BOOLEAN),
    "V2Ready": object_of(live=BOOLEAN, ready=BOOLEAN),
    "V2NotReady": object_of(live=BOOLEAN, ready=BOOLEAN, error=STRING),
    "V2Model": object_of(
        name=STRING,
        versions=array(STRING),
        platform=STRING,
        inputs=array(reference("V2TensorInfo")),
        outputs=array(reference("V2TensorInfo")),
    ),
    "V2TensorInfo": object_of(name=STRING, datatype=DATATYPE, shape=array({"type": "integer", "minimum": -1})),
    "V2ModelReady": object_of(name=STRING, ready=BOOLEAN),
    "V2Request": object_of(
        ["inputs"],
        additional=True,
        id=nullable(STRING),
        parameters=PARAMETERS,
        inputs=array(reference("V2Input"), minItems=1, description="One; or one for each named column of a table"),
        outputs=nullable(array(reference("V2Wish"))),
    ),
    "V2Input": object_of(
        ["name", "shape", "datatype"],
        additional=True,
        name=STRING,
        shape=array(SIZE, minItems=1),
        datatype=DATATYPE,
        parameters=PARAMETERS,
        data={"description": "Flat or nested; absent where `binary_data_size` says how many bytes follow the JSON"},
    ),
    "V2Wish": object_of(["name"], additional=True, name=STRING, parameters=PARAMETERS),
    "V2Response": object_of(
        ["model_name", "model_version", "outputs"],
        model_name=STRING,
        model_version=STRING,
        id=STRING,
        outputs=array(reference("V2Output"), minItems=1),
    ),
    "V2Output": object_of(
        ["name", "shape", "datatype"],
        name=STRING,
        shape=array(SIZE),
        datatype=DATATYPE,
        data=array({"type": ["number", "string"]}),
        parameters=object_of(binary_data_size=SIZE),
    ),
    "V2IndexRequest": object_of([], additional=True, ready=BOOLEAN),
    "V2Index": array(
        object_of(["name", "state", "reason"], name=STRING, version=STRING, state={"enum": list(STATES)}, reason=STRING)
    ),
}
EXAMPLES: dict[str, Any] = {
    "V2Server": {"name": "onehot", "version": "0.2.0", "extensions": ["binary_tensor_data", "classification"]},
    "V2Live": {"live": True},
    "V2Ready": {"live": True, "ready": True},
    "V2ModelReady": {"name": "classic", "ready": True},
    "V2Request": {
        "inputs": [{"name": "x", "shape": [1, 8], "datatype": "FP32", "data": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]}]
    },
    "V2Response": {
        "model_name": "classic",
        "model_version": "1",
        "outputs": [{"name": "probabilities", "shape": [1, 3], "datatype": "FP32", "data": [0.7, 0.2, 0.1]}],
    },
    "V2IndexRequest": {"ready": True},
    "V2Index": [{"name": "classic", "version": "1", "state": "READY", "reason": ""}],
}
