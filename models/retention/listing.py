"""Everything that lies below a folder of the store, by one listing of a bucket, or by a walk that follows no link."""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import obstore

from models.names import version_number
from models.store.deletion_marks import is_mark
from models.store.manifest import MANIFEST
from models.store.object_store import answering
from models.store.store import Store

__all__ = ["Files", "StoredFile", "files_below", "newest", "published"]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file.

    Args:
        name: In its folder.
        modified: By the store's clock.
        size: In bytes.
    """

    name: str
    modified: datetime
    size: int

    @property
    def is_mark(self) -> bool:
        """Whether it marks a version that is being deleted."""
        return is_mark(self.name)


Files = Mapping[str, list[StoredFile]]
"""Folder, seen from where the listing began → its files; the empty name is that folder itself."""


def files_below(store: Store, prefix: str) -> Files:
    """All files below a folder of the store.

    Raises:
        StoreUnavailable: When it does not answer.
    """
    store.require_folder()
    found: defaultdict[str, list[StoredFile]] = defaultdict(list)
    entries = _listed(store, prefix) if store.folder is None else _walked(store.folder / prefix)
    for path, modified, size in entries:
        folder, _, name = path.rpartition("/")
        found[folder].append(StoredFile(name, modified, size))
    return found


def published(files: Files) -> dict[int, datetime]:
    """Version → when it was published, ascending, of the files below a model."""
    found: dict[int, datetime] = {}
    for folder in files:
        number = version_number(folder)
        at = next((file.modified for file in files[folder] if file.name == MANIFEST), None)
        if number is not None and at is not None:
            found[number] = at
    return dict(sorted(found.items()))


def newest(files: Iterable[StoredFile]) -> datetime:
    """When the newest of some files was written."""
    return max(file.modified for file in files)


def _listed(store: Store, prefix: str) -> Iterator[tuple[str, datetime, int]]:
    with answering():
        for batch in obstore.list(store.objects, prefix=prefix):
            for meta in batch:
                yield meta["path"].removeprefix(f"{prefix}/"), meta["last_modified"], meta["size"]


def _walked(root: Path) -> Iterator[tuple[str, datetime, int]]:
    """The files of a folder, those that were left half written too; one that goes meanwhile is passed over."""
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder, name)
            try:
                found = path.lstat()
            except FileNotFoundError:
                continue
            yield str(path.relative_to(root)), datetime.fromtimestamp(found.st_mtime, UTC), found.st_size
