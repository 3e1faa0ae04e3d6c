"""The export in a process of its own, where tensorflow runs whatever backend trained the network."""

import os
import subprocess
import tempfile
from pathlib import Path

from models.errors import TrainingError
from trainer.backends.choice import is_installed
from trainer.child_processes import module_command

__all__ = ["BACKEND", "NO_DEVICE", "export_in_subprocess"]

BACKEND = "tensorflow"
NO_DEVICE = {"CUDA_VISIBLE_DEVICES": "-1"}
"""The training's process holds the device's memory; an export needs none of it."""


def export_in_subprocess(saved: bytes, *, task: str) -> bytes:
    """Export a `.keras` file in a process of its own, where Keras runs on tensorflow.

    Raises:
        TrainingError: When tensorflow is not installed, or the process fails.
    """
    if not is_installed(BACKEND):
        raise TrainingError("export: expected tensorflow beside the spec's backend; received an environment without it")
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "model.keras", Path(folder) / "model.onnx"
        source.write_bytes(saved)
        command = module_command("trainer.export", str(source), str(target), task)
        environment = {**os.environ, **NO_DEVICE, "KERAS_BACKEND": BACKEND}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if done.returncode or not target.exists():
            last = (done.stderr.strip().splitlines() or [f"the process ended with {done.returncode}"])[-1]
            raise TrainingError(f"export: expected a graph; received {last}")
        return target.read_bytes()
