"""What a shadow of all requests costs those whom the default version answers, at half of what the service can do.

    python bench/rollout_shadow.py [ROUNDS]

In turns without a rollout and with a shadow of 100 %, under an open load; the p99 of each turn over that of the turn
before it, and the median of these ratios.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from models.store.store import Store  # noqa: E402 -- the root is on the path now
from onehot.local.server import find_server, free_port  # noqa: E402
from tests.conftest import _compute, _draft  # noqa: E402 -- the tests' own versions
from tests.e2e.service.load import Order, Sample, load, percentile_s  # noqa: E402

SECONDS = 8.0
WARM_S = 3.0
MOST_RATIO = 1.10
GRAPHS = {"classic": ("classic-a", (8,)), "digits": ("digits", (28, 28))}
PLAN = {"candidate": 2, "steps": [{"shadow": 100}], "hold_s": 86_400, "minimum_rows": 1, "guards": {"agreement": 0.9}}


@contextmanager
def running(folder: Path) -> Iterator[int]:
    """A service of two workers and a queue's server; its port."""
    port, queue_port = free_port(), free_port()
    queue = subprocess.Popen([find_server(), "--port", str(queue_port), "--save", "", "--dir", str(folder)],
                             stdout=subprocess.DEVNULL)  # fmt: skip
    environment = {**os.environ, "ONEHOT_STORE": str(folder / "store"), "ONEHOT_BIND": f"127.0.0.1:{port}",
                   "ONEHOT_REDIS_URL": f"redis://127.0.0.1:{queue_port}/0", "ONEHOT_LOG_LEVEL": "warning"}  # fmt: skip
    service = subprocess.Popen([sys.executable, "-m", "service"], cwd=ROOT, env=environment)
    try:
        _wait_until_ready(port)
        yield port
    finally:
        for process in (service, queue):
            process.terminate()
            process.wait()


def _wait_until_ready(port: int) -> None:
    until_s = time.monotonic() + 120
    while time.monotonic() < until_s:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise SystemExit("bench: expected a service that is ready within 120 s")


def publish(store: Store) -> None:
    """Two versions of each model that compute the same."""
    for model, (graph, _) in GRAPHS.items():
        for number in range(2):
            store.publish(*_draft(model, graph), promote=number == 0)


def order_for(port: int, model: str, rate: float) -> Order:
    """A load on the default version."""
    graph, shape = GRAPHS[model]
    rows = np.random.default_rng(3).random((8, *shape)).round(3)
    answers = [_compute(graph, rows).tolist()] * 2
    return Order(port, f"/v1/models/{model}:predict", rows.tolist(), answers, connections=16, rate=rate)


def sent(order: Order) -> list[Sample]:
    """Every answer of one turn, without those of its beginning.

    Raises:
        SystemExit: When one was wrong or missing.
    """
    with load(order) as started:
        time.sleep(WARM_S + SECONDS)
        samples = [one for one in started.stop() if one.sent_s > started.started_s + WARM_S]
    if wrong := [one for one in samples if not one.is_right]:
        raise SystemExit(f"{order.path}: {len(wrong)} of {len(samples)} answers were wrong or missing")
    return samples


def measure(port: int, model: str, rounds: int) -> float:
    """Print the turns of one model; the median ratio of their p99."""
    rollout = f"http://127.0.0.1:{port}/v1/models/{model}/rollout"
    rate = len(sent(order_for(port, model, 0.0))) / SECONDS / 2
    print(f"\n{model}: {rate:,.0f} requests a second, half of what the service can do\n")
    print("| p99 without, ms | p99 with a shadow, ms | ratio | compared | shed |\n| --- | --- | --- | --- | --- |")
    ratios = []
    for _ in range(rounds):
        quiet = 1000 * percentile_s(sent(order_for(port, model, rate)))
        httpx.put(rollout, json=PLAN, timeout=30, trust_env=False).raise_for_status()
        shadowed = 1000 * percentile_s(sent(order_for(port, model, rate)))
        pairs = httpx.get(rollout, timeout=30, trust_env=False).json()["figures"]["agreement"] or {}
        httpx.delete(rollout, timeout=30, trust_env=False).raise_for_status()
        ratios.append(shadowed / quiet)
        print(f"| {quiet:.2f} | {shadowed:.2f} | {ratios[-1]:.2f} | {pairs.get('requests')} | {pairs.get('shed')} |")
    return statistics.median(ratios)


def main() -> None:
    """Measure each model."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory() as folder:
        publish(Store.open(Path(folder) / "store"))
        with running(Path(folder)) as port:
            found = {model: measure(port, model, rounds) for model in GRAPHS}
    print()
    for model, ratio in found.items():
        print(f"{model}: p99 with a shadow of 100 % is {ratio:.2f} of that without (at most {MOST_RATIO})")


if __name__ == "__main__":
    main()
