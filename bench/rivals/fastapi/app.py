"""FastAPI around the session by hand, as its tutorial has it: a model for the body, a model for the answer.

`uvicorn app:app --workers 2 --no-access-log`; `async def`, as the session answers sooner than a thread would wake.
"""

import os

import numpy as np
import onnxruntime
from fastapi import FastAPI
from pydantic import BaseModel

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(os.environ["BENCH_GRAPH"], options, providers=["CPUExecutionProvider"])
name = session.get_inputs()[0].name
app = FastAPI()


class Instances(BaseModel):
    """The body."""

    instances: list[list[float]]


class Predictions(BaseModel):
    """The answer."""

    predictions: list[list[float]]


@app.post("/predict")
async def predict(body: Instances) -> Predictions:
    """One row of probabilities for each instance."""
    (output,) = session.run(None, {name: np.array(body.instances, dtype=np.float32)})
    return Predictions(predictions=output.tolist())
