"""From process start to the first answered prediction: `onehot serve` against Flask with `model.predict`, in one run.

    python bench/cold_start.py [--rounds 5]

Trains the classic case once, then starts both servers in turn and prints medians, their ratio, and the service's memory
as the sum of proportional set sizes over its processes (Linux).
"""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx
import psutil

from onehot.local.server import free_port

ROOT = Path(__file__).parent.parent
ROW = {"instances": [[0.1] * 8]}
DEADLINE_S = 120


def usual_environment() -> dict[str, str]:
    """The variables of this process without our settings, and letting Python keep what it has compiled."""
    return {name: value for name, value in os.environ.items()
            if not name.startswith("ONEHOT_") and name != "PYTHONDONTWRITEBYTECODE"}  # fmt: skip


def first_answer_s(command: Sequence[str], url: str, environment: dict[str, str], look: Callable[[int], None]) -> float:
    """Seconds from starting a process to its first right answer; `look` sees its pid before it is stopped."""
    started = time.perf_counter()
    with subprocess.Popen(
        command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            _wait_for_answer(url, server)
            elapsed = time.perf_counter() - started
            look(server.pid)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=DEADLINE_S)
    return elapsed


def _wait_for_answer(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise SystemExit(f"the server of {url} ended with {server.returncode}")
        try:
            if httpx.post(url, json=ROW, timeout=DEADLINE_S).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.01)
    raise SystemExit(f"{url} did not answer within {DEADLINE_S} s")


def proportional_set_size_mb(pid: int) -> float:
    """The sum over a process and its children, in MB; shared pages count once."""
    root = psutil.Process(pid)
    return sum(process.memory_full_info().pss for process in [root, *root.children(recursive=True)]) / 1e6


def main() -> None:
    """Train, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    clean = usual_environment()
    with tempfile.TemporaryDirectory() as folder:
        environment = {**clean, "ONEHOT_STORE": folder, "ONEHOT_WORKERS": "2", "ONEHOT_DATA_ROOTS": str(ROOT),
                       "TF_CPP_MIN_LOG_LEVEL": "3"}  # fmt: skip
        train = [sys.executable, "-m", "trainer", "examples/classic.yaml"]
        subprocess.run(train, env=environment, cwd=ROOT, check=True,
                       stdout=subprocess.DEVNULL)  # fmt: skip
        ours, theirs, memory = [], [], []
        for number in range(-1, rounds):
            print(f"round {number + 1} of {rounds}", file=sys.stderr)
            port = free_port()
            ours.append(first_answer_s(
                [sys.executable, "-m", "service"], f"http://127.0.0.1:{port}/v1/models/classic:predict",
                {**environment, "ONEHOT_BIND": f"127.0.0.1:{port}"},
                lambda pid: memory.append(proportional_set_size_mb(pid))))  # fmt: skip
            port = free_port()
            theirs.append(first_answer_s(
                [sys.executable, "bench/rivals/flask_predict/app.py", str(port)], f"http://127.0.0.1:{port}/predict",
                {**environment, "BENCH_MODEL": f"{folder}/classic/1/model.keras"}, int))  # fmt: skip
    report(ours[1:], theirs[1:], memory[1:])  # the first may have found modules that nobody had compiled


def report(ours: list[float], theirs: list[float], memory: list[float]) -> None:
    """Print the table."""
    print("process start to first prediction, median, seconds")
    print(f"  onehot serve, 2 workers          {statistics.median(ours):6.2f}")
    print(f"  Flask + model.predict            {statistics.median(theirs):6.2f}")
    print(f"  ratio                            {statistics.median(ours) / statistics.median(theirs):6.3f}")
    print(f"onehot serve, 2 workers, memory    {statistics.median(memory):6.0f} MB (sum of proportional set sizes)")


if __name__ == "__main__":
    main()
