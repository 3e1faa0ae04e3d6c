"""Figures that the processes of one service share: a file for each process and topic, in the service's own folder."""

import math
import os
import struct
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, unquote

__all__ = ["FigureFiles"]

KEPT_UNTIL = struct.Struct("<d")
"""In front of each blob: seconds since 1970 after which it no longer counts."""
OLD_S = 3600.0
"""An unchanged file is shown to be in use so often: many systems remove old files from temporary folders."""


class FigureFiles:
    """Blobs by topic and process; all methods block, and are called beside the event loop.

    Args:
        folder: Of one service; made at the first write.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, topic: str, process: str, blob: bytes, *, kept_s: float = math.inf) -> None:
        """Put a process' blob in the place of its last one; a reader sees one of them whole.

        Raises:
            OSError: When the disk is full.
        """
        folder = self._folder_of(topic)
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f".{process}"
        try:
            draft.write_bytes(KEPT_UNTIL.pack(time.time() + kept_s) + blob)
            draft.replace(folder / process)
        except OSError:
            draft.unlink(missing_ok=True)
            raise

    def read(self, topic: str) -> Mapping[str, bytes]:
        """Process → its blob; of dead processes too, as long as theirs are kept."""
        found = {}
        for file in self._files_of(topic):
            with suppress(FileNotFoundError):
                content = file.read_bytes()
                (until_s,) = KEPT_UNTIL.unpack_from(content)
                if time.time() <= until_s:
                    found[file.name] = content[KEPT_UNTIL.size :]
                    _show_use(file)
                else:
                    file.unlink()
        return found

    def states(self) -> Mapping[str, tuple[tuple[str, int], ...]]:
        """Topic → what is another after every change of one of its blobs."""
        if not self._folder.is_dir():
            return {}
        topics = [unquote(folder.name) for folder in self._folder.iterdir()]
        return {topic: state for topic in topics if (state := self._state_of(topic))}

    def _state_of(self, topic: str) -> tuple[tuple[str, int], ...]:
        state = []
        for file in self._files_of(topic):
            with suppress(FileNotFoundError):
                state.append((file.name, file.stat().st_mtime_ns))
        return tuple(sorted(state))

    def forget(self, topic: str) -> None:
        """Remove all blobs of a topic."""
        for file in self._files_of(topic):
            file.unlink(missing_ok=True)

    def _folder_of(self, topic: str) -> Path:
        return self._folder / quote(topic, safe="")

    def _files_of(self, topic: str) -> list[Path]:
        with suppress(FileNotFoundError):
            return [file for file in self._folder_of(topic).iterdir() if not file.name.startswith(".")]
        return []


def _show_use(file: Path) -> None:
    if file.stat().st_mtime < time.time() - OLD_S:
        os.utime(file)
