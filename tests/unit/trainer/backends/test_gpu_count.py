"""How many GPUs a machine has, asked without a framework."""

from pathlib import Path

import pytest

from trainer.backends import gpu_count
from trainer.backends.gpu_count import count_gpus

LISTED = """GPU 0: NVIDIA H200 (UUID: GPU-1)
  MIG 1g.18gb     Device  0: (UUID: MIG-1)
GPU 1: NVIDIA H200 (UUID: GPU-2)
"""


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A driver's tool that lists two GPUs, of a machine with nothing else."""
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\ncat <<'END'\n{LISTED}END\n")
    tool.chmod(0o755)
    monkeypatch.setattr(gpu_count, "LIST_GPUS", (str(tool), "-L"))
    monkeypatch.setattr(gpu_count, "OTHER_MAKERS", tmp_path / "none")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return tool


@pytest.mark.parametrize(
    ("visible", "count"),
    [(None, 2), ("", 0), ("-1", 0), ("1", 1), ("0, 1", 2), ("0,-1,1", 1), ("0,1,2", 2), ("GPU-2", 1)],
)
def test_what_may_be_seen_is_counted(driver: Path, monkeypatch, visible: str | None, count: int) -> None:
    """As CUDA reads the variable: it stops at the first that is none."""
    assert driver.exists()
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert count_gpus() == count


def test_without_the_tool_devices_are_counted(driver: Path) -> None:
    """On a machine without any there is none."""
    driver.unlink()
    found = [path for path in Path("/dev").glob("nvidia*") if path.name.removeprefix("nvidia").isdecimal()]
    assert count_gpus() == len(found)


def test_of_other_makers_nothing_is_said(driver: Path, monkeypatch) -> None:
    """Only their frameworks can tell."""
    monkeypatch.setattr(gpu_count, "OTHER_MAKERS", driver)
    assert count_gpus() is None
