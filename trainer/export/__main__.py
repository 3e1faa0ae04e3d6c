"""`python -m trainer.export FILE.keras FILE.onnx TASK`: export for a training on jax or torch.

A `.keras` file that one backend wrote loads in another, and tensorflow's exporter is the one that every layer was
proved with. The parity check compares its graph with what the training's own backend computes.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from trainer.backends.choice import import_keras
from trainer.export.in_subprocess import BACKEND

__all__ = ["main"]


def main(arguments: Sequence[str]) -> int:
    """Export one file."""
    source, target, task = arguments
    import_keras(BACKEND)
    import keras  # noqa: PLC0415 -- the backend had to be chosen before

    from trainer.data.head import Head  # noqa: PLC0415
    from trainer.export.onnx_export import export_onnx  # noqa: PLC0415

    network = keras.saving.load_model(source, compile=False)
    Path(target).write_bytes(export_onnx(network, Head(task, network.output_shape[-1])))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
