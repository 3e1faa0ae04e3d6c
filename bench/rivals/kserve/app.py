"""KServe's Python server around the session: a `Model`, and `ModelServer` with two workers. `python app.py PORT`."""

import os
import sys
from typing import Any

import numpy as np
import onnxruntime
from kserve import Model, ModelServer


class Network(Model):
    """The same graph; its session is opened by each worker, as it cannot be sent to one."""

    session: onnxruntime.InferenceSession | None = None

    def load(self) -> bool:
        """Open the session."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            os.environ["BENCH_GRAPH"], options, providers=["CPUExecutionProvider"]
        )
        self.input_name = self.session.get_inputs()[0].name
        return True

    async def predict(self, payload: Any, headers: Any = None, response_headers: Any = None) -> Any:
        """One row of probabilities for each instance."""
        del headers, response_headers
        if self.session is None:
            self.load()
        batch = np.array(payload["instances"], dtype=np.float32)
        (output,) = self.session.run(None, {self.input_name: batch})
        return {"predictions": output.tolist()}


if __name__ == "__main__":
    network = Network("bench")
    network.ready = True
    ModelServer(http_port=int(sys.argv[1]), workers=2, enable_grpc=False).start([network])
