"""What a training does with the GPU that it is given, and that it gives it back.

    python bench/gpu.py [--backend jax]

Trains in forked children of a process that has only imported the framework, as a warm worker does. Prints the card's
memory before, during and after; whether one seed gives one result; what mixed precision takes. `bench/train.py` prints
the times against Keras' own `model.fit` on the same card.
"""

# ruff: noqa: PLC0415 -- nothing of the framework before its backend is chosen

import argparse
import hashlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

from train import CASES, ROOT, Case, in_child

GLANCE_MS = 100
SETTLE_S = 2.0
POLICIES = ("float32", "mixed_bfloat16", "mixed_float16")


def asked(what: str) -> list[str]:
    """What `nvidia-smi` says of the first GPU.

    Raises:
        SystemExit: Where there is none.
    """
    command = ["nvidia-smi", f"--query-gpu={what}", "--format=csv,noheader,nounits", "--id=0"]
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip().split(", ")
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(f"gpu: expected an NVIDIA GPU and nvidia-smi; received {error}") from error


@contextmanager
def memory_samples_mib() -> Iterator[list[int]]:
    """How much of the card's memory is used, again and again while something runs; the list is full at its end."""
    command = ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits", "--id=0", f"-lms={GLANCE_MS}"]
    samples: list[int] = []
    with tempfile.TemporaryFile("w+") as file, subprocess.Popen(command, stdout=file) as process:
        try:
            yield samples
        finally:
            process.terminate()
            process.wait()
            file.seek(0)
            samples += [int(line) for line in file.read().split()]


def train_with(policy: str) -> Callable[[Case], dict[str, Any]]:
    """The trainer's loop in a precision; what it took, what came of it, and the digest of its weights."""

    def measure(case: Case) -> dict[str, Any]:
        from models.spec import load_spec
        from trainer.backends.seeds import seed_everything
        from trainer.data.head import Head
        from trainer.data.part import Part
        from trainer.fit.epochs import fit
        from trainer.fit.progress import NullObserver
        from trainer.network.build import build_network, compile_network

        document = case.document
        spec = load_spec({**document, "fit": {**document["fit"], "precision": policy}})
        seed_everything(spec.seed)
        network = build_network(spec, case.shape)
        compile_network(network, spec, Head("softmax", case.classes))
        part = Part(*case.data())
        began_s = time.perf_counter()
        fitted = fit(network, spec, training=part, validation=None, observer=NullObserver())
        seconds = time.perf_counter() - began_s
        digest = hashlib.sha256(b"".join(array.tobytes() for array in network.get_weights())).hexdigest()
        accuracy = fitted.stepper.evaluate(part)["accuracy"]
        return {"seconds": seconds, "accuracy": accuracy, "digest": int(digest[:12], 16)}

    return measure


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backend", default="tensorflow", choices=("tensorflow", "jax", "torch"))
    options = parser.parse_args(arguments)
    name, driver, memory = asked("name,driver_version,memory.total")
    from trainer.worker.__main__ import preload

    preload(options.backend)
    import keras

    versions = f"{options.backend} {version(options.backend)}, Keras {keras.__version__}"
    print(f"{name}, {memory} MiB, driver {driver}; {versions}")
    print("\n| training | precision | seconds | accuracy | memory of the card before, at most, after | again |")
    print("|---|---|---|---|---|---|")
    for case in (CASES["dense"], CASES["cnn"]):
        for policy in POLICIES:
            print(_line(case, policy), flush=True)


def _line(case: Case, policy: str) -> str:
    before_mib = int(asked("memory.used")[0])
    with memory_samples_mib() as samples:
        first = in_child(train_with(policy), case)
    time.sleep(SETTLE_S)  # the driver clears what a process has left
    after_mib = int(asked("memory.used")[0])
    again = in_child(train_with(policy), case)
    same = "the same weights" if again["digest"] == first["digest"] else "other weights"
    return (f"| {case.title} | {policy} | {first['seconds']:.2f} | {first['accuracy']:.4f} | "
            f"{before_mib}, {max(samples, default=before_mib)}, {after_mib} MiB | {same} |")  # fmt: skip


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
