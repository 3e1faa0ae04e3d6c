"""A small JSON object that many processes change: read, changed, and written back only if it is still the same."""

import fcntl
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import NotModifiedError
from obstore.store import ObjectStore

from models.errors import StoreUnavailable, reason_of
from models.store.object_store import answering

__all__ = ["AtomicDocument", "Document", "UnreadableDocument"]

ATTEMPTS = 50

Document = dict[str, Any]


class UnreadableDocument(StoreUnavailable):
    """An object that is there and is not what it should be."""

    def __init__(self, path: str, *, expected: str, received: str) -> None:
        super().__init__(f"{path}: expected {expected} as JSON; received {received}")


@dataclass(frozen=True, slots=True)
class AtomicDocument:
    """One JSON object, changed by compare-and-swap.

    Args:
        objects: The store.
        folder: The store's folder, when it is one: folders know no conditional write, so a lock stands in for it.
        path: Of the object.
        lock: Of the lock's file, in the folder.
        holds: What it holds, for error messages.
    """

    objects: ObjectStore
    folder: Path | None
    path: str
    lock: str
    holds: str

    def read(self) -> Document:
        """What it holds; empty when it is not there.

        Raises:
            StoreUnavailable: When the store does not answer or the file is not readable.
        """
        return self._read()[0]

    def read_if_changed(self, e_tag: str | None) -> tuple[Document, str | None] | None:
        """What it holds and its entity tag, or None when it still has the given one: one request.

        Raises:
            StoreUnavailable: When the store does not answer or the file is not readable.
        """
        try:
            return self._read(None if e_tag is None else {"if_none_match": e_tag})
        except NotModifiedError:
            return None

    def change(self, changed: Callable[[Document], Document]) -> Document:
        """Read, change and write without losing a change of another writer.

        Args:
            changed: Old in, new out; called again when another writer was faster.

        Raises:
            StoreUnavailable: When the store does not answer.
        """
        with self._locked():
            for _ in range(ATTEMPTS):
                before, e_tag = self._read()
                after = changed(before)
                if after == before or self._write(after, e_tag):
                    return after
        raise StoreUnavailable(f"{self.path} was changed by others {ATTEMPTS} times in a row")

    def write(self, document: Document) -> None:
        """Write it, whatever was there.

        Raises:
            StoreUnavailable: When the store does not answer.
        """
        with answering():
            obstore.put(self.objects, self.path, _content(document))

    def _read(self, options: Any = None) -> tuple[Document, str | None]:
        try:
            with answering():
                answer = obstore.get(self.objects, self.path, options=options)
                content = bytes(answer.bytes())
            document = json.loads(content)
        except FileNotFoundError:
            return {}, None
        except ValueError as error:
            raise UnreadableDocument(self.path, expected=self.holds, received=str(error)) from error
        if not isinstance(document, dict):
            raise UnreadableDocument(self.path, expected=self.holds, received=f"a {type(document).__name__}")
        return document, answer.meta["e_tag"]

    def _write(self, document: Document, e_tag: str | None) -> bool:
        """Write it if it is as it was read; whether it was."""
        mode: Any = {"e_tag": e_tag} if e_tag is not None else "create"
        if self.folder is not None:
            mode = "overwrite"
        try:
            with answering():
                obstore.put(self.objects, self.path, _content(document), mode=mode)
        except FileExistsError:
            return False
        return True

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with ExitStack() as held:
            if self.folder is not None:
                lock = self.folder / self.lock
                try:
                    lock.parent.mkdir(parents=True, exist_ok=True)
                    fcntl.flock(held.enter_context(lock.open("w")), fcntl.LOCK_EX)
                except OSError as error:
                    raise StoreUnavailable(reason_of(error)) from error
            yield


def _content(document: Document) -> bytes:
    return json.dumps(dict(sorted(document.items()))).encode()
