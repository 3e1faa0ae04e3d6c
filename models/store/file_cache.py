"""Files of versions on the local disk, so that a process that starts again need not fetch them again.

A file is kept under its digest and checked against it whenever it is used: the folder itself is not trusted. It stays
within its bound at every moment, also when several processes share it; the least recently used files go first.
"""

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from models.store.manifest import FileInfo

__all__ = ["FileCache"]

LOCK = ".lock"
PARTIAL = ".partial"
PIECE_BYTES = 2**20

Fetch = Callable[[], Iterable[bytes]]
"""Fetches a file piece by piece, and raises in the end when it is not what it should be."""


@dataclass(frozen=True, slots=True)
class FileCache:
    """A folder of verified files.

    Args:
        folder: Made when it is missing, for this user alone.
        most_bytes: What its files may have together; 0 keeps nothing.
    """

    folder: Path
    most_bytes: int

    def read(self, info: FileInfo, fetch: Fetch) -> bytes:
        """The content of a file: of the copy when it is whole, else of what is fetched, which is then kept."""
        kept = b"".join(self._kept(info))
        whole = hashlib.sha256(kept).hexdigest() == info.sha256
        return kept if whole else b"".join(self._keeping(info, fetch))

    def check(self, info: FileInfo, fetch: Fetch) -> None:
        """Check the copy of a file, however large; when it is not whole, fetch it, and keep what came."""
        digest = hashlib.sha256()
        for piece in self._kept(info):
            digest.update(piece)
        if digest.hexdigest() != info.sha256:
            for _ in self._keeping(info, fetch):
                pass

    def _kept(self, info: FileInfo) -> Iterator[bytes]:
        with contextlib.suppress(OSError), (self.folder / info.sha256).open("rb") as file:
            with contextlib.suppress(OSError):  # another user's, or a file system that is only read
                os.utime(file.fileno())
            while piece := file.read(PIECE_BYTES):
                yield piece

    def _keeping(self, info: FileInfo, fetch: Fetch) -> Iterator[bytes]:
        """Pass on what is fetched, and keep it when all of it has come."""
        with self._partial(info) as file:
            for piece in fetch():
                _write(file, piece)
                yield piece
            if file is not None:
                with contextlib.suppress(OSError):
                    file.flush()
                    Path(file.name).replace(self.folder / info.sha256)

    @contextmanager
    def _partial(self, info: FileInfo) -> Iterator[BinaryIO | None]:
        """A new file with room for so many bytes, locked while it is written; None when there can be none."""
        file = None
        with contextlib.suppress(OSError):  # a full or a read-only disk is no reason not to serve
            file = self._make_partial(info)
        try:
            yield file
        finally:
            if file is not None:
                Path(file.name).unlink(missing_ok=True)
                with contextlib.suppress(OSError):  # what could not be written before cannot be written now
                    file.close()

    def _make_partial(self, info: FileInfo) -> BinaryIO | None:
        if info.size > self.most_bytes:
            return None
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.folder / LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # two that looked at the same moment would go over the bound together
            (self.folder / info.sha256).unlink(missing_ok=True)
            if not self._make_room(info.size):
                return None
            # Its size is in its name: what it will be is what counts.
            path = self.folder / f".{info.size}.{os.urandom(8).hex()}{PARTIAL}"
            file = path.open("xb")
            fcntl.flock(file, fcntl.LOCK_EX)
            return file

    def _make_room(self, size: int) -> bool:
        """Remove what was not used for the longest time, until there is room for so many bytes; whether there is."""
        for path in self.folder.glob(f".*{PARTIAL}"):
            _remove_if_left(path)
        taken = sum(int(path.name.split(".")[1]) for path in self.folder.glob(f".*{PARTIAL}"))
        kept = [
            (path, path.stat()) for path in self.folder.iterdir() if path.is_file() and not path.name.startswith(".")
        ]
        taken += sum(status.st_size for _, status in kept)
        for path, status in sorted(kept, key=lambda one: one[1].st_mtime_ns):
            if taken + size <= self.most_bytes:
                break
            path.unlink(missing_ok=True)
            taken -= status.st_size
        return taken + size <= self.most_bytes


def _write(file: BinaryIO | None, piece: bytes) -> None:
    if file is not None and not file.closed:
        try:
            file.write(piece)
        except OSError:  # the disk is full: the piece is passed on, and nothing is kept
            Path(file.name).unlink(missing_ok=True)


def _remove_if_left(path: Path) -> None:
    """Remove what a process that was killed left half written: its lock is free."""
    with contextlib.suppress(OSError), path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
