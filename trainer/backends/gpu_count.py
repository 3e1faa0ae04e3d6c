"""How many GPUs this machine lets its processes have, asked without a framework: a worker opens no device itself."""

import os
import subprocess
import sys
from pathlib import Path

__all__ = ["count_gpus"]

LIST_GPUS = ("nvidia-smi", "-L")
TIMEOUT_S = 20.0
OTHER_MAKERS = Path("/dev/kfd")


def count_gpus() -> int | None:
    """The number of GPUs that a training could claim; None where only its framework can tell."""
    if sys.platform != "linux" or OTHER_MAKERS.exists():
        return None
    present = _present()
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    return present if visible is None else min(present, _named(visible))


def _present() -> int:
    """As the driver's tool lists them, else as many as there are devices."""
    try:
        listed = subprocess.run(LIST_GPUS, capture_output=True, text=True, timeout=TIMEOUT_S, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return sum(path.name.removeprefix("nvidia").isdecimal() for path in Path("/dev").glob("nvidia*"))
    return sum(line.startswith("GPU ") for line in listed.splitlines())


def _named(visible: str) -> int:
    """How many devices a list names; CUDA stops at the first that is none."""
    names = [name.strip() for name in visible.split(",")]
    wrong = [place for place, name in enumerate(names) if not name or name.startswith("-")]
    return min([*wrong, len(names)])
