"""A small JSON object that many processes change: read, changed, and written back only if it is still the same."""

import fcntl
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import NotModifiedError
from obstore.store import ObjectStore

from models.errors import StoreUnavailable, reason_of
from models.store.object_store import OtherSize, answering, read_at_most, require_folder
from models.strict_json import read_object

__all__ = ["AtomicDocument", "Document", "UnreadableDocument"]

ATTEMPTS = 50
MOST_BYTES = 4 * 2**20
"""A hundred thousand models in the change hint; what is larger was not written by us, and is not read."""

Document = dict[str, Any]


class UnreadableDocument(StoreUnavailable):
    """An object that is there and is not what it should be; `e_tag` is that of what was read."""

    def __init__(self, path: str, *, expected: str, received: str, e_tag: str | None = None) -> None:
        self.e_tag = e_tag
        super().__init__(f"{path}: expected {expected} as JSON; received {received}")
        self.args = (self.reason,)  # the store does answer


@dataclass(frozen=True, slots=True)
class AtomicDocument:
    """One JSON object, changed by compare-and-swap.

    Every method raises `StoreUnavailable` when the store does not answer or the object is not readable.

    Args:
        objects: The store.
        folder: The store's folder, when it is one: folders know no conditional write, so a lock stands in for it.
        path: Of the object.
        holds: What it holds, for error messages.
        checked: Makes of what was read what it should be, or raises ValueError.
        most_bytes: What is larger was not written by us, and is not read.
        lock: The name of the lock's file beside it; by default one of its own.
        is_sorted: Whether its keys are written in order.
    """

    objects: ObjectStore
    folder: Path | None
    path: str
    holds: str
    checked: Callable[[Document], Document] = dict
    most_bytes: int = MOST_BYTES
    lock: str = ""
    is_sorted: bool = True

    def read(self) -> Document:
        """What it holds; empty when it is not there."""
        return self._read()[0]

    @property
    def is_there(self) -> bool:
        """Whether there is one, readable or not."""
        try:
            return self._read()[1] is not None
        except UnreadableDocument:
            return True

    def read_if_changed(self, e_tag: str | None) -> tuple[Document, str | None] | None:
        """What it holds and its entity tag, or None when it still has the given one: one request."""
        try:
            return self._read(None if e_tag is None else {"if_none_match": e_tag})
        except NotModifiedError:
            return None

    def change(self, changed: Callable[[Document], Document]) -> Document:
        """Read, change and write without losing a change of another writer.

        Args:
            changed: Old in, new out; called again when another writer was faster.
        """
        with self._locked():
            for _ in range(ATTEMPTS):
                before, e_tag = self._read()
                after = changed(before)
                if after == before or self._write_unchanged(after, e_tag):
                    return after
        raise StoreUnavailable(f"{self.path} was changed by others {ATTEMPTS} times in a row")

    def write(self, document: Document, mode: Any = "overwrite") -> None:
        """Write it, whatever was there; by another `mode` of obstore's under its condition."""
        require_folder(self.folder)  # else it would be made anew, without all that it had
        content = json.dumps(document, sort_keys=self.is_sorted, allow_nan=False).encode()
        with answering():
            obstore.put(self.objects, self.path, content, mode=mode)

    def remove(self) -> None:
        """Delete it; nothing where it is not there."""
        with suppress(FileNotFoundError), answering():
            obstore.delete(self.objects, self.path)

    def _read(self, options: Any = None) -> tuple[Document, str | None]:
        e_tag = None
        try:
            with answering():
                answer = obstore.get(self.objects, self.path, options=options)
                e_tag = answer.meta["e_tag"]
                content = read_at_most(answer, self.most_bytes)
            return self.checked(read_object(content)), e_tag
        except FileNotFoundError:
            require_folder(self.folder)  # a document of a store that is away is not one that was never written
            return {}, None
        except (ValueError, OtherSize) as error:
            raise UnreadableDocument(self.path, expected=self.holds, received=str(error), e_tag=e_tag) from error

    def _write_unchanged(self, document: Document, e_tag: str | None) -> bool:
        """Write it if it is as it was read, which the lock sees to in a folder; whether it was."""
        condition = "create" if e_tag is None else {"e_tag": e_tag}
        try:
            self.write(document, condition if self.folder is None else "overwrite")
        except FileExistsError:
            return False
        return True

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with ExitStack() as held:
            require_folder(self.folder)
            if self.folder is not None:
                path = self.folder / self.path
                try:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    lock = path.with_name(self.lock or f".{path.stem}.lock")
                    fcntl.flock(held.enter_context(lock.open("w")), fcntl.LOCK_EX)
                except OSError as error:
                    raise StoreUnavailable(reason_of(error)) from error
            yield
