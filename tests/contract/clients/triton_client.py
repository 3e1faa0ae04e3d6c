"""Triton's client against a service: health, metadata, inference as JSON and as bytes, errors. Prints one JSON object.

python triton_client.py URL ROWS
"""

import json
import sys
from typing import Any

import numpy as np
from tritonclient.http import InferenceServerClient, InferInput, InferRequestedOutput
from tritonclient.utils import InferenceServerException

OUTPUT = "probabilities"
GZIP, DEFLATE = (
    {"request_compression_algorithm": name, "response_compression_algorithm": name} for name in ("gzip", "deflate")
)


def infer(client: Any, rows: np.ndarray, *, binary: bool, **options: Any) -> np.ndarray:
    """One inference; without `outputs` the client asks for bytes by itself."""
    tensor = InferInput("x", rows.shape, "FP32")
    tensor.set_data_from_numpy(rows, binary_data=binary)
    return client.infer("classic", [tensor], **options).as_numpy(OUTPUT)


def refusal(call: Any, *arguments: Any, **options: Any) -> list[str]:
    """The status and the message that the client raises."""
    try:
        call(*arguments, **options)
    except InferenceServerException as error:
        return [error.status(), error.message()]
    raise AssertionError("nothing was refused")


def main(url: str, rows: np.ndarray) -> dict[str, Any]:
    """Everything that the client does for a user."""
    client = InferenceServerClient(url.removeprefix("http://"))
    json_output = [InferRequestedOutput(OUTPUT, binary_data=False)]
    best = [InferRequestedOutput(OUTPUT, class_count=2)]
    return {
        "live": client.is_server_live(),
        "ready": client.is_server_ready(),
        "model_ready": [client.is_model_ready("classic"), client.is_model_ready("classic", "2")],
        "not_ready": [client.is_model_ready("nobody"), client.is_model_ready("broken")],
        "server": client.get_server_metadata(),
        "model": client.get_model_metadata("classic"),
        "index": client.get_model_repository_index(),
        "predictions": [
            infer(client, rows, binary=True).tolist(),
            infer(client, rows, binary=False).tolist(),
            infer(client, rows, binary=True, outputs=json_output).tolist(),
            infer(client, rows, binary=False, outputs=json_output, request_id="7").tolist(),
            infer(client, rows, binary=True, **GZIP).tolist(),
            infer(client, rows, binary=False, **DEFLATE).tolist(),
            infer(client, np.repeat(rows, 2000, axis=0), binary=True, **GZIP)[::2000].tolist(),
        ],
        "version_2": infer(client, rows, binary=True, model_version="2").tolist(),
        "classes": [[text.decode() for text in row] for row in infer(client, rows, binary=True, outputs=best)],
        "refused": [
            refusal(client.infer, "nobody", [InferInput("x", [1, 8], "FP32").set_data_from_numpy(rows[:1])]),
            refusal(infer, client, np.zeros((1, 7), np.float32), binary=True),
            refusal(client.get_model_metadata, "nobody"),
        ],
    }


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], np.asarray(json.loads(sys.argv[2]), np.float32))))
