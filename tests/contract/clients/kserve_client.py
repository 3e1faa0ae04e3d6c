"""KServe's client against a service: health, inference as JSON and as bytes, errors. Prints one JSON object.

python kserve_client.py URL ROWS
"""

import asyncio
import json
import sys
from typing import Any

import httpx
import numpy as np
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig


def request_of(rows: np.ndarray, *, binary: bool) -> InferRequest:
    """The client's own request."""
    tensor = InferInput("x", list(rows.shape), "FP32")
    tensor.set_data_from_numpy(rows, binary_data=binary)
    return InferRequest(model_name="classic", infer_inputs=[tensor], request_id="7")


async def infer(client: Any, url: str, rows: np.ndarray, *, binary: bool) -> list[Any]:
    """Id and numbers of one inference."""
    response = await client.infer(url, request_of(rows, binary=binary), model_name="classic")
    return [response.id, response.outputs[0].as_numpy().tolist()]


async def refusal(client: Any, url: str, rows: np.ndarray, model: str) -> list[Any]:
    """The status and the message that the client raises."""
    try:
        await client.infer(url, request_of(rows, binary=False), model_name=model)
    except httpx.HTTPStatusError as error:
        return [error.response.status_code, str(error)]
    raise AssertionError("nothing was refused")


async def first_protocol(url: str, rows: np.ndarray) -> list[Any]:
    """KServe's V1: alive, and predictions. Its health is at the web page's address, so it says what it prefers."""
    client = InferenceRESTClient(RESTConfig(protocol="v1", retries=0, timeout=20))
    alive = await client.is_server_live(url, headers={"Accept": "application/json"})
    answer = await client.infer(url, {"instances": rows.tolist()}, model_name="classic")
    return [alive, answer["predictions"]]


async def main(url: str, rows: np.ndarray) -> dict[str, Any]:
    """Everything that the client does for a user."""
    client = InferenceRESTClient(RESTConfig(protocol="v2", retries=0, timeout=20))
    return {
        "live": await client.is_server_live(url),
        "ready": await client.is_server_ready(url),
        "model_ready": await client.is_model_ready(url, "classic"),
        "not_ready": await client.is_model_ready(url, "broken"),
        "predictions": [await infer(client, url, rows, binary=binary) for binary in (True, False)],
        "first_protocol": await first_protocol(url, rows),
        "refused": [
            await refusal(client, url, rows, "nobody"),
            await refusal(client, url, np.zeros((1, 7), np.float32), "classic"),
        ],
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(sys.argv[1], np.asarray(json.loads(sys.argv[2]), np.float32)))))
