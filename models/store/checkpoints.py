"""Checkpoints of a job that trains, in the store: any node can take the job over. Layout: `models/README.md`.

The trainer knows the content of a checkpoint; here it is bytes that come back whole, or not at all.
"""

import contextlib
import hashlib
import re
from dataclasses import dataclass

import obstore

from models.store.object_store import answering
from models.store.store import Store

__all__ = ["KEPT", "JobCheckpoints"]

KEPT = 2
"""How many checkpoints of a job stay: the newest, and the one before in case the newest is damaged."""
MAGIC = b"onehot checkpoint 1 "
DIGEST_LENGTH = 64
HEAD_LENGTH = len(MAGIC) + DIGEST_LENGTH + 1
ENDING = ".checkpoint"
NUMBER = re.compile(r"[0-9]{8,16}" + re.escape(ENDING))


@dataclass(frozen=True, slots=True)
class JobCheckpoints:
    """The checkpoints of one job; its methods raise `StoreUnavailable` when the store does not answer."""

    store: Store
    model: str
    job_id: str

    @property
    def folder(self) -> str:
        """The folder of the job's checkpoints."""
        return f"{self.model}/checkpoints/{self.job_id}"

    def save(self, content: bytes) -> None:
        """Write a checkpoint beside the one before, then drop those that are older."""
        numbers = self._numbers()
        digest = hashlib.sha256(content).hexdigest().encode()
        with answering():
            obstore.put(self.store.objects, self._path(max(numbers, default=0) + 1), MAGIC + digest + b"\n" + content)
        self._drop(numbers[: len(numbers) + 1 - KEPT])

    def newest(self) -> bytes | None:
        """The content of the newest checkpoint that is whole; None when there is none."""
        for number in reversed(self._numbers()):
            content = self._read(number)
            if content is not None:
                return content
        return None

    def remove(self) -> None:
        """Drop all checkpoints of the job."""
        self._drop(self._numbers())
        if self.store.folder is not None:
            for folder in (self.store.folder / self.folder, self.store.folder / self.model / "checkpoints"):
                with contextlib.suppress(OSError):  # it is not empty, or never was
                    folder.rmdir()

    def _path(self, number: int) -> str:
        return f"{self.folder}/{number:08d}{ENDING}"

    def _numbers(self) -> list[int]:
        """The numbers of the checkpoints, ascending."""
        with answering():
            listing = obstore.list_with_delimiter(self.store.objects, self.folder)
        names = [entry["path"].rsplit("/", 1)[-1] for entry in listing["objects"]]
        return sorted(int(name.removesuffix(ENDING)) for name in names if NUMBER.fullmatch(name))

    def _read(self, number: int) -> bytes | None:
        try:
            with answering():
                raw = bytes(obstore.get(self.store.objects, self._path(number)).bytes())
        except FileNotFoundError:
            return None
        digest, content = raw[len(MAGIC) : HEAD_LENGTH - 1], raw[HEAD_LENGTH:]
        whole = raw.startswith(MAGIC) and hashlib.sha256(content).hexdigest().encode() == digest
        return content if whole else None

    def _drop(self, numbers: list[int]) -> None:
        for number in numbers:
            with contextlib.suppress(FileNotFoundError), answering():
                obstore.delete(self.store.objects, self._path(number))
