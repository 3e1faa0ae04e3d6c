"""The Open Inference Protocol V2."""

from service.openapi.json_schema import (
    BOOLEAN,
    STRING,
    Content,
    Operation,
    Reply,
    Schema,
    array,
    json_reply,
    object_of,
    reference,
)
from service.protocols.inference_protocol import HEADER_LENGTH
from service.protocols.inference_protocol.datatypes import DATATYPES

__all__ = ["OPERATIONS", "SCHEMAS"]

TAG = "Open Inference Protocol V2"
BYTES_TYPE = "application/octet-stream"
DATATYPE: Schema = {"enum": sorted(DATATYPES)}
SIZE: Schema = {"type": "integer", "minimum": 0}
VERSION_HEADER = {"X-Onehot-Model-Version": "The version that answered"}
HEADER: Schema = {
    "name": HEADER_LENGTH,
    "in": "header",
    "schema": {"type": "string", "pattern": "^[0-9]{1,18}$"},
    "description": "How many bytes of the body are JSON, where binary data follows it",
}
INFERENCE = {
    "inputs": [{"name": "x", "shape": [1, 8], "datatype": "FP32", "data": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]}]
}
ANSWER = {
    "model_name": "classic",
    "model_version": "1",
    "outputs": [{"name": "probabilities", "shape": [1, 3], "datatype": "FP32", "data": [0.7, 0.2, 0.1]}],
}
PARAMETERS: Schema = {
    "type": ["object", "null"],
    "additionalProperties": {"type": ["string", "number", "boolean"]},
}

SCHEMAS: dict[str, Schema] = {
    "V2Server": object_of({"name": STRING, "version": STRING, "extensions": array(STRING)}),
    "V2Live": object_of({"live": BOOLEAN}),
    "V2Ready": object_of({"live": BOOLEAN, "ready": BOOLEAN}),
    "V2NotReady": object_of({"live": BOOLEAN, "ready": BOOLEAN, "error": STRING}),
    "V2Model": object_of(
        {
            "name": STRING,
            "versions": array(STRING),
            "platform": STRING,
            "inputs": array(reference("V2TensorInfo")),
            "outputs": array(reference("V2TensorInfo")),
        }
    ),
    "V2TensorInfo": object_of(
        {"name": STRING, "datatype": DATATYPE, "shape": array({"type": "integer", "minimum": -1})}
    ),
    "V2ModelReady": object_of({"name": STRING, "ready": BOOLEAN}),
    "V2Request": object_of(
        {
            "id": {"type": ["string", "null"]},
            "parameters": PARAMETERS,
            "inputs": array(reference("V2Input"), minItems=1, maxItems=1),
            "outputs": {"type": ["array", "null"], "items": reference("V2Wish")},
        },
        required=("inputs",),
        open_to_more=True,
    ),
    "V2Input": object_of(
        {
            "name": STRING,
            "shape": array(SIZE, minItems=1),
            "datatype": DATATYPE,
            "parameters": PARAMETERS,
            "data": {
                "description": "Flat or nested; absent where `binary_data_size` says how many bytes follow the JSON"
            },
        },
        required=("name", "shape", "datatype"),
        open_to_more=True,
    ),
    "V2Wish": object_of({"name": STRING, "parameters": PARAMETERS}, required=("name",), open_to_more=True),
    "V2Response": object_of(
        {
            "model_name": STRING,
            "model_version": STRING,
            "id": STRING,
            "outputs": array(reference("V2Output"), minItems=1),
        },
        required=("model_name", "model_version", "outputs"),
    ),
    "V2Output": object_of(
        {
            "name": STRING,
            "shape": array(SIZE),
            "datatype": DATATYPE,
            "data": array({"type": ["number", "string"]}),
            "parameters": object_of({"binary_data_size": SIZE}),
        },
        required=("name", "shape", "datatype"),
    ),
    "V2IndexRequest": object_of({"ready": BOOLEAN}, required=(), open_to_more=True),
    "V2Index": array(
        object_of(
            {
                "name": STRING,
                "version": STRING,
                "state": {"enum": ["LOADING", "READY", "UNLOADING", "UNAVAILABLE", "UNKNOWN"]},
                "reason": STRING,
            },
            required=("name", "state", "reason"),
        )
    ),
}

OPERATIONS: dict[str, Operation] = {
    "inference_protocol.show_server": Operation(
        TAG,
        "Who this is and which extensions it speaks",
        {
            200: json_reply(
                "The server",
                reference("V2Server"),
                {"name": "onehot", "version": "0.1.0", "extensions": ["binary_tensor_data", "classification"]},
            )
        },
    ),
    "inference_protocol.live": Operation(
        TAG, "Whether this process answers", {200: json_reply("It lives", reference("V2Live"), {"live": True})}
    ),
    "inference_protocol.ready": Operation(
        TAG,
        "Whether every version that should be loaded was tried once",
        {
            200: json_reply("It is ready", reference("V2Ready"), {"live": True, "ready": True}),
            503: json_reply("It is not ready yet", reference("V2NotReady"), Retry_After="Seconds to wait"),
        },
    ),
    "inference_protocol.show_model": Operation(
        TAG,
        "What a version takes and gives",
        {200: json_reply("The model", reference("V2Model"), X_Onehot_Model_Version="The version described")},
        errors=(404, 503),
    ),
    "inference_protocol.model_ready": Operation(
        TAG,
        "Whether a version answers",
        {200: json_reply("It does", reference("V2ModelReady"), {"name": "classic", "ready": True})},
        errors=(404, 503),
    ),
    "inference_protocol.infer": Operation(
        TAG,
        "Tensors in, tensors out",
        {
            200: Reply(
                "The outputs",
                (Content(reference("V2Response"), ANSWER), Content(content_type=BYTES_TYPE)),
                VERSION_HEADER,
            )
        },
        body=(Content(reference("V2Request"), INFERENCE), Content(content_type=BYTES_TYPE)),
        parameters=(HEADER,),
        errors=(400, 404, 413, 429, 503, 504),
        description="With the binary tensor data extension and the classification extension.",
    ),
    "inference_protocol.show_index": Operation(
        TAG,
        "Every version with its state",
        {
            200: json_reply(
                "The index", reference("V2Index"), [{"name": "classic", "version": "1", "state": "READY", "reason": ""}]
            )
        },
        body=(Content(reference("V2IndexRequest"), {"ready": True}),),
        errors=(400, 413),
        needs_body=False,
    ),
}
