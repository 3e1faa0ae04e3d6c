"""A folder on a small disk of its own."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MIB = 2**20
PIECE_BYTES = 64 * 1024
FILLER = "filler"


@contextmanager
def mounted(folder: Path, *, size_bytes: int) -> Iterator[None]:
    """Mount a disk in memory there, as root or by sudo without a password; it goes with all that is in it."""
    folder.mkdir()
    sudo = [] if os.getuid() == 0 else ["sudo", "--non-interactive"]
    options = f"size={size_bytes},mode=1777"
    subprocess.run([*sudo, "mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run([*sudo, "umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> None:
    """Take all that is left, to the last byte."""
    with (folder / FILLER).open("wb", buffering=0) as file:
        for size in (PIECE_BYTES, 1):
            with suppress(OSError):
                while file.write(bytes(size)) == size:
                    pass
    assert os.statvfs(folder).f_bavail == 0


def make_room(folder: Path) -> None:
    """Give back what `fill` took."""
    (folder / FILLER).unlink()
