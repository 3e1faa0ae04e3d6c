"""Deleting a version: it is marked, then its manifest goes, then all else. What was interrupted is finished later.

The claim of the highest number stays, with its mark: numbers go up from there, so that none is given twice.
"""

import re
import shutil
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import obstore

from models.errors import (
    LabelNotFound,
    ModelNotFound,
    NoEarlierVersion,
    OnehotError,
    VersionInUse,
    VersionNotFound,
)
from models.names import STABLE, is_model_name
from models.retention.protection import Protection
from models.store.change_hint import leave_hint
from models.store.deletion_marks import add_mark, is_mark, names_in
from models.store.label_moves import roll_back
from models.store.manifest import MANIFEST
from models.store.object_store import answering, get
from models.store.store import CLAIM, Store
from models.strict_json import read_object

__all__ = ["DeletedFolder", "delete_checked", "delete_version", "job_of", "require_deletable"]

JOB_ID = re.compile(r"[\w-][\w.-]*")

MOVE_TAKES = timedelta(minutes=1)
"""How long after its record a move of a label may be under way."""
ROUNDS = 3
"""Of listing and deleting, until nothing is left: another process may have written meanwhile."""


def delete_version(
    store: Store, model: str, version: int, *, by: str, force: bool = False, protection: Protection | None = None
) -> None:
    """Delete a version that nothing needs; one whose deletion was interrupted is finished.

    Args:
        store: Where it is.
        model: The model's name.
        version: Its number.
        by: Who deletes it: a user and machine, or the name of a key.
        force: Also when a label names it. `stable` goes back to what it named before; other labels go.
        protection: What keeps the versions of the model, where that was read before.

    Raises:
        ModelNotFound, VersionNotFound, VersionInUse, StoreUnavailable: As `require_deletable`.
        CorruptVersion: When `stable` would go back to a broken version.
    """
    protection = protection or Protection.of(store, model)
    require_deletable(store, model, version, force=force, protection=protection)
    delete_checked(protection, version, by=by, force=force)


def delete_checked(protection: Protection, version: int, *, by: str, force: bool = False) -> None:
    """As `delete_version`, of a version that is there and that nothing needed a moment ago."""
    folder = DeletedFolder(protection.store, protection.model, version)
    folder.delete(lambda mark: _release(protection, folder, mark, by=by, force=force), by=by, force=force)
    if force:  # a label may have come to it before it was marked
        _take_labels_off(protection.store, protection.model, version, by=by)


def require_deletable(
    store: Store, model: str, version: int, *, force: bool = False, protection: Protection | None = None
) -> None:
    """Check that a version would be deleted; the arguments are those of `delete_version`.

    Raises:
        ModelNotFound, VersionNotFound: When there is no such version.
        VersionInUse: When something needs it, and it is not forced.
        StoreUnavailable: When the store does not answer, or its labels cannot be read.
    """
    is_published = DeletedFolder(store, model, version).require_there()
    if is_published and not force:
        _require_free(protection or Protection.of(store, model), version)


def _release(protection: Protection, folder: "DeletedFolder", mark: str, *, by: str, force: bool) -> None:
    """Make sure that no label names a version that is marked: from now on none comes to it."""
    if MANIFEST not in folder.names():
        return
    if force:
        _take_labels_off(folder.store, folder.model, folder.version, by=by)
    else:
        _require_free(protection, folder.version, mark=mark)


def _require_free(protection: Protection, version: int, *, mark: str | None = None) -> None:
    since = None if mark is None else _written(protection, f"{protection.model}/{version}/{mark}", version) - MOVE_TAKES
    reason = protection.reasons(moved_since=since).get(version)
    if reason is not None:
        raise VersionInUse(protection.model, version, reason=reason)


def _written(protection: Protection, mark: str, version: int) -> datetime:
    """When a mark was written, by the store's clock."""
    try:
        with answering():
            return obstore.head(protection.store.objects, mark)["last_modified"]
    except FileNotFoundError as error:  # another deletion was faster, and took every mark with it
        raise VersionNotFound(protection.model, version) from error


def _take_labels_off(store: Store, model: str, version: int, *, by: str) -> None:
    """Let no label name the version: `stable` goes back to what it named before, where there is something."""
    for label in [name for name, named in store.labels(model).items() if named == version]:
        if label == STABLE:
            with suppress(NoEarlierVersion, ModelNotFound, VersionNotFound):
                roll_back(store, model, by=by, force=True)
                continue
        with suppress(LabelNotFound):
            store.delete_label(model, label)


@dataclass(frozen=True, slots=True)
class DeletedFolder:
    """The folder of a version, published or not, of which everything goes.

    Args:
        store: Where it is.
        model: The model's name.
        version: Its number.
    """

    store: Store
    model: str
    version: int

    @property
    def path(self) -> str:
        """In the store."""
        return f"{self.model}/{self.version}"

    @property
    def _place(self) -> Path | None:
        """On this machine."""
        return None if self.store.folder is None else self.store.folder / self.path

    def names(self) -> list[str]:
        """Of its files."""
        return names_in(self.store.objects, self.path)

    def require_there(self) -> bool:
        """Check that there is something to delete; whether the version is published.

        Raises:
            ModelNotFound, VersionNotFound: When there is neither a version nor an interrupted deletion of one.
            VersionInUse: When the folder is a link: what it leads to belongs to something else.
        """
        if not is_model_name(self.model):
            raise ModelNotFound(self.model)
        self._require_no_link()
        names = self.names()
        if MANIFEST not in names and not self._is_half_deleted(names):
            exists = self.store.versions(self.model)
            raise VersionNotFound(self.model, self.version) if exists else ModelNotFound(self.model)
        return MANIFEST in names

    def _require_no_link(self) -> None:
        if self._place is not None and self._place.is_symlink():
            raise VersionInUse(self.model, self.version, reason="its folder is a link, which is removed by hand")

    def _is_half_deleted(self, names: Collection[str]) -> bool:
        rest = [name for name in names if name != CLAIM and not is_mark(name)]
        return any(map(is_mark, names)) and (bool(rest) or not self._is_highest())

    def _is_highest(self) -> bool:
        return self.version >= max(self.store.claimed(self.model), default=0)

    def delete(self, check: Callable[[str], None], *, by: str, force: bool = False) -> None:
        """Mark the folder and delete everything in it, unless a check finds that something needs it.

        Args:
            check: Takes the mark's name; what it raises ends the deletion, with nothing deleted.
            by: Who deletes it.
            force: Whether it was forced; both are written into the mark.
        """
        self._require_no_link()
        mark = add_mark(self.store.objects, self.path, by=by, force=force)
        try:
            check(mark)
        except OnehotError:
            self.withdraw([mark])
            raise
        self._delete_all()

    def withdraw(self, names: Iterable[str]) -> None:
        """Delete some files, such as the marks of a deletion that does not take place."""
        for name in names:
            with suppress(FileNotFoundError), answering():
                obstore.delete(self.store.objects, f"{self.path}/{name}")

    def _delete_all(self) -> None:
        self.withdraw([MANIFEST])
        leave_hint(self.store.objects, self.store.folder, self.model)
        self._delete_job_record()
        for _ in range(ROUNDS):
            rest = [name for name in self.names() if name != CLAIM and not is_mark(name)]
            if not rest:
                break
            self.withdraw(rest)
        if not self._is_highest():
            self.withdraw([CLAIM])
            self.withdraw(filter(is_mark, self.names()))
        self._remove_rest()

    def _delete_job_record(self) -> None:
        """Let the job that published the version publish anew; another attempt of it may have published another one."""
        job_id = job_of(self.store, self.path)
        path = f"{self.model}/jobs/{job_id}.json"
        record = None if job_id is None else get(self.store.objects, path)
        if _value(record, "version") == self.version:
            with suppress(FileNotFoundError), answering():
                obstore.delete(self.store.objects, path)

    def _remove_rest(self) -> None:
        """Of a folder on this machine: what is no file of the store, such as half a write, and the empty folder."""
        if self._place is None or not self._place.is_dir():
            return
        kept = {CLAIM, *filter(is_mark, self.names())}
        for entry in [entry for entry in self._place.iterdir() if entry.name not in kept]:
            with suppress(OSError):
                shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
        with suppress(OSError):  # the claim of the highest number stays
            self._place.rmdir()


def job_of(store: Store, folder: str) -> str | None:
    """The job that claimed the folder of a version; None where that is not known."""
    job_id = _value(get(store.objects, f"{folder}/{CLAIM}"), "job_id")
    return job_id if isinstance(job_id, str) and JOB_ID.fullmatch(job_id) else None


def _value(document: bytes | None, key: str) -> Any:
    """A value of a JSON object; None where there is none."""
    try:
        return read_object(document or b"{}").get(key)
    except ValueError:
        return None
