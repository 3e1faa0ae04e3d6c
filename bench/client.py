"""The Python client against bare httpx: one row against JSON, 1 024 × 784 against V2 with binary tensors, in turns.

    python bench/client.py [--rounds 15]

One service, one connection each, one call after the other; a round measures both for about as long, and the table holds
medians. Before it, how long importing the client takes. The bare loops do what a caller who needs arrays does: JSON is
written and read, the body of V2 is made once.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import numpy as np
from cold_start import usual_environment
from contestants import JSON, onehot, running
from load import Call
from onehot_client import Client
from published import publish_models

from models.api_keys import ApiKeyFile

ROWS, WIDTH = 1024, 784
CALLS = {"one row": 200, f"{ROWS} × {WIDTH}": 10}
IMPORTS = 15
IMPORTED = ("import onehot_client", "from onehot_client import Client; Client()", "import httpx", "import numpy")
"""What is timed: the client, the client with its first object, and what that loads and the first array."""
AT_LEAST = {"one row": 0.8, f"{ROWS} × {WIDTH}": 0.9}

Once = Callable[[], object]


def bare_json(http: httpx.Client, row: np.ndarray) -> Once:
    """A prediction of one row as anybody writes it."""

    def once() -> object:
        answer = http.post("/v1/models/mlp:predict", json={"instances": row.tolist()})
        return np.asarray(answer.json()["predictions"], np.float32)

    return once


def raw_v2(http: httpx.Client, rows: np.ndarray) -> Once:
    """A prediction of a batch by the Open Inference Protocol, in and out as bytes."""
    tensor = {"name": "x", "shape": list(rows.shape), "datatype": "FP32"}
    head = json.dumps({
        "inputs": [{**tensor, "parameters": {"binary_data_size": rows.nbytes}}],
        "parameters": {"binary_data_output": True},
    }).encode()  # fmt: skip
    body, headers = head + rows.tobytes(), {"Inference-Header-Content-Length": str(len(head))}

    def once() -> object:
        answer = http.post("/v2/models/dense/infer", content=body, headers=headers)
        start = int(answer.headers["Inference-Header-Content-Length"])
        (output,) = json.loads(answer.content[:start])["outputs"]
        return np.frombuffer(answer.content, np.float32, offset=start).reshape(output["shape"])

    return once


def seconds(once: Once, calls: int) -> float:
    """Of one call, over so many."""
    started_s = time.perf_counter()
    for _ in range(calls):
        once()
    return (time.perf_counter() - started_s) / calls


def measure(name: str, ours: Once, bare: Once, rounds: int) -> None:
    """Print the medians of both and of their ratio."""
    np.testing.assert_allclose(ours(), bare(), atol=1e-6)
    calls = CALLS[name]
    pairs = [(seconds(ours, calls), seconds(bare, calls)) for _ in range(rounds)]
    ours_s, bare_s = (statistics.median(one) for one in zip(*pairs, strict=True))
    ratio = statistics.median(bare / ours for ours, bare in pairs)
    print(f"| {name} | {ours_s * 1e6:.0f} | {bare_s * 1e6:.0f} | {ratio:.2f} | {AT_LEAST[name]} |", flush=True)


def seconds_of(statements: str) -> float:
    """Of a process of its own, the median of some; its bytecode is there."""
    code = f"import time; began = time.perf_counter(); {statements}; print(time.perf_counter() - began)"
    command = [sys.executable, "-c", code]
    times = [subprocess.check_output(command, env=usual_environment(), text=True) for _ in range(IMPORTS)]
    return statistics.median(map(float, times))


def main() -> None:
    """Publish, serve, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    for statements in IMPORTED:
        print(f"{seconds_of(statements):.3f} s: {statements}", flush=True)
    row, rows = np.full((1, 8), 0.5, np.float32), np.random.default_rng(1).random((ROWS, WIDTH), np.float32)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        publish_models(folder)
        keys = ApiKeyFile(folder / "keys.json")
        _, key = keys.add(["predict"])
        call = Call("/v1/models/mlp:predict", json.dumps({"instances": row.tolist()}).encode(), JSON)
        contestant = onehot(folder / "store", call, key=key, keys_file=keys.path)
        with running({"onehot": contestant}, folder) as found:
            url = f"http://127.0.0.1:{found['onehot'].port}"
            with (
                Client(url, api_key=key) as client,
                httpx.Client(base_url=url, headers={"X-API-Key": key}, trust_env=False) as http,
            ):
                print("| | client, µs | bare, µs | throughput, times bare | at least |\n|---|---|---|---|---|")
                single, batch = CALLS
                measure(single, lambda: client.predict("mlp", row).outputs, bare_json(http, row), rounds)
                measure(batch, lambda: client.predict("dense", rows).outputs, raw_v2(http, rows), rounds)


if __name__ == "__main__":
    main()
