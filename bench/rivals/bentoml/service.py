"""BentoML around the session: a service class with two workers. `bentoml serve service:Network --port PORT`."""

import os
from typing import Any

import bentoml
import numpy as np
import onnxruntime


@bentoml.service(workers=2, logging={"access": {"enabled": False}}, metrics={"enabled": False})
class Network:
    """The same graph."""

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            os.environ["BENCH_GRAPH"], options, providers=["CPUExecutionProvider"]
        )
        self.input_name = self.session.get_inputs()[0].name

    @bentoml.api
    async def predict(self, instances: list[list[float]]) -> dict[str, Any]:
        """One row of probabilities for each instance."""
        (output,) = self.session.run(None, {self.input_name: np.array(instances, dtype=np.float32)})
        return {"predictions": output.tolist()}
