"""The service that every tutorial shows, Flask around `model.predict`: `python app.py PORT`, or gunicorn."""

import os
import sys

import keras
import numpy as np
from flask import Flask, Response, jsonify, request

app = Flask(__name__)
model = keras.saving.load_model(os.environ["BENCH_MODEL"])


@app.post("/predict")
def predict() -> Response:
    """Answer `{"instances": [...]}`."""
    instances = np.array(request.get_json()["instances"], dtype="float32")
    return jsonify(predictions=model.predict(instances, verbose=0).tolist())


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(sys.argv[1]))
