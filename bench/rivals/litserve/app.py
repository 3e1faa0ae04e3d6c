"""LitServe around the session: a `LitAPI`, two workers, two API servers. `python app.py PORT`."""

import os
import sys
from typing import Any

import litserve
import numpy as np
import onnxruntime


class Network(litserve.LitAPI):
    """The same graph."""

    def setup(self, device: str) -> None:
        """Open the session in each worker."""
        del device
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            os.environ["BENCH_GRAPH"], options, providers=["CPUExecutionProvider"]
        )
        self.input_name = self.session.get_inputs()[0].name

    def decode_request(self, request):  # noqa: ANN001, ANN201 -- a type would make it a query parameter
        """Instances to an array."""
        return np.array(request["instances"], dtype=np.float32)

    def predict(self, batch: Any) -> Any:
        """One row of probabilities for each instance."""
        return self.session.run(None, {self.input_name: batch})[0]

    def encode_response(self, output: Any) -> Any:
        """An array to the answer."""
        return {"predictions": output.tolist()}


if __name__ == "__main__":
    server = litserve.LitServer(Network(), accelerator="cpu", workers_per_device=2)
    server.run(host="127.0.0.1", port=int(sys.argv[1]), num_api_servers=2, generate_client_file=False,
               log_level="warning", access_log=False)  # fmt: skip
