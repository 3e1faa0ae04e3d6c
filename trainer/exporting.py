"""`python -m trainer.exporting FILE.keras FILE.onnx TASK`: export for a training on jax or torch.

A `.keras` file that one backend wrote loads in another, and tensorflow's exporter is the one that every layer was
proved with. The parity check compares its graph with what the training's own backend computes.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from models.errors import TrainingError
from trainer.backends.choice import choose_backend, is_installed
from trainer.child_processes import module_command
from trainer.launch import training_module

__all__ = ["BACKEND", "export_elsewhere", "main"]

BACKEND = "tensorflow"
NO_DEVICE = {"CUDA_VISIBLE_DEVICES": "-1"}
"""The training's process holds the device's memory; an export needs none of it."""


def export_elsewhere(saved: bytes, *, task: str) -> bytes:
    """Export a `.keras` file in a process of its own, where Keras runs on tensorflow.

    Args:
        saved: The file's bytes.
        task: The head's task; it names the output.

    Raises:
        TrainingError: When tensorflow is not installed, or the process fails.
    """
    if not is_installed(BACKEND):
        raise TrainingError("export: expected tensorflow beside the spec's backend; received an environment without it")
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "model.keras", Path(folder) / "model.onnx"
        source.write_bytes(saved)
        command = module_command("trainer.exporting", str(source), str(target), task)
        environment = {**os.environ, **NO_DEVICE, "KERAS_BACKEND": BACKEND}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if done.returncode or not target.exists():
            last = (done.stderr.strip().splitlines() or [f"the process ended with {done.returncode}"])[-1]
            raise TrainingError(f"export: expected a graph; received {last}")
        return target.read_bytes()


def main(arguments: Sequence[str]) -> int:
    """Export one file."""
    source, target, task = arguments
    choose_backend(BACKEND)
    training_module()
    import keras  # noqa: PLC0415 -- the backend had to be chosen before

    from trainer.data.head import Head  # noqa: PLC0415
    from trainer.export import export_onnx  # noqa: PLC0415

    network = keras.saving.load_model(source, compile=False)
    Path(target).write_bytes(export_onnx(network, Head(task, network.output_shape[-1])))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
