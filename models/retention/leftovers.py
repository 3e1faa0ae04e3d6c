"""What processes that died left in the store: half a publish, half a deletion, half an upload, old checkpoints."""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import obstore

from models.errors import VersionInUse
from models.names import version_number
from models.queue.names import KEPT_S
from models.retention.deletion import DeletedFolder, delete_version, job_of
from models.retention.listing import Files, StoredFile, files_below, newest, published
from models.store.checkpoints import JobCheckpoints
from models.store.datasets import DATASETS, DIGEST, RECORD
from models.store.manifest import MANIFEST
from models.store.object_store import answering
from models.store.store import CLAIM, Store

__all__ = ["Leftover", "model_leftovers", "shared_leftovers"]

ABANDONED = timedelta(days=1)
"""Without a new file for so long, a publish or an upload is no longer under way."""
MARK_AGE = timedelta(hours=1)
"""A deletion ends within seconds: an older mark on a version that is kept was left by a process that died."""
CHECKPOINTS_KEPT = timedelta(seconds=KEPT_S)
"""As long as the queue keeps the marks of a job that runs, it may resume."""
HALF_WRITTEN = re.compile(r".+#\d+")
"""How obstore calls a file of a folder until it is whole."""
JOBS, CHECKPOINTS = "jobs", "checkpoints/"


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something that is deleted.

    Args:
        kind: What it is, in words.
        path: In the store.
        files: Of which it consists.
        remove: Deletes it.
    """

    kind: str
    path: str
    files: list[StoredFile]
    remove: Callable[[], None]


def model_leftovers(store: Store, model: str, files: Files, *, by: str, now: datetime) -> Iterator[Leftover]:
    """What is left over in the folder of a model.

    Args:
        store: The store.
        model: The model's name.
        files: All that are below the folder.
        by: Who deletes it.
        now: By the store's clock.
    """
    highest = max(store.claimed(model), default=0)
    for folder, found in files.items():
        number = version_number(folder)
        if number is not None:
            yield from _of_version(DeletedFolder(store, model, number), found, by=by, now=now, highest=highest)
        elif folder.startswith(CHECKPOINTS):
            yield from _of_checkpoints(JobCheckpoints(store, model, folder.removeprefix(CHECKPOINTS)), files, now)
    yield from _job_records(store, model, files, now)
    yield from _half_written(store, model, files, now)


def shared_leftovers(store: Store, *, now: datetime) -> Iterator[Leftover]:
    """What is left over of uploads."""
    files = files_below(store, DATASETS)
    for folder, found in files.items():
        names = {file.name for file in found}
        if DIGEST.fullmatch(folder) and RECORD not in names and newest(found) < now - ABANDONED:
            paths = [f"{DATASETS}/{folder}/{name}" for name in names if not HALF_WRITTEN.fullmatch(name)]
            yield Leftover("interrupted upload", f"{DATASETS}/{folder}", found, partial(_delete, store, paths))
    yield from _half_written(store, DATASETS, files, now)


def _of_version(
    folder: DeletedFolder, found: list[StoredFile], *, by: str, now: datetime, highest: int
) -> Iterator[Leftover]:  # fmt: skip
    names, marks = {file.name for file in found}, [file for file in found if file.is_mark]
    if folder.version == highest and names <= {CLAIM, *(mark.name for mark in marks)}:
        return  # that is what keeps the number from being given again
    if marks:
        old = [mark.name for mark in marks if mark.modified < now - MARK_AGE]
        yield Leftover("interrupted deletion", folder.path, found, partial(_finish, folder, old, by))
    elif MANIFEST not in names and newest(found) < now - ABANDONED:
        yield Leftover("interrupted publish", folder.path, found, partial(_delete_unpublished, folder, by))


def _finish(folder: DeletedFolder, old_marks: list[str], by: str) -> None:
    try:
        delete_version(folder.store, folder.model, folder.version, by=by)
    except VersionInUse:
        folder.withdraw(old_marks)
        raise


def _delete_unpublished(folder: DeletedFolder, by: str) -> None:
    def check(_: str) -> None:
        if MANIFEST in folder.names():
            raise VersionInUse(folder.model, folder.version, reason="it was published a moment ago")

    folder.delete(check, by=by)


def _of_checkpoints(checkpoints: JobCheckpoints, files: Files, now: datetime) -> Iterator[Leftover]:
    """Checkpoints of a job that has published, or that the queue has forgotten."""
    folder = f"{CHECKPOINTS}{checkpoints.job_id}"
    has_published = any(file.name == f"{checkpoints.job_id}.json" for file in files.get(JOBS, ()))
    if newest(files[folder]) < now - (ABANDONED if has_published else CHECKPOINTS_KEPT):
        yield Leftover("checkpoints", checkpoints.folder, files[folder], checkpoints.remove)


def _job_records(store: Store, model: str, files: Files, now: datetime) -> Iterator[Leftover]:
    """Records of jobs whose versions are gone: there are some when there are more records than versions."""
    records = [file for file in files.get(JOBS, ()) if file.name.endswith(".json")]
    if len(records) <= len(published(files)):
        return
    claimed = {job_of(store, f"{model}/{folder}") for folder in files if version_number(folder) is not None}
    for record in records:
        if record.name.removesuffix(".json") not in claimed and record.modified < now - ABANDONED:
            path = f"{model}/{JOBS}/{record.name}"
            yield Leftover("job record", path, [record], partial(_delete, store, [path]))


def _half_written(store: Store, folder: str, files: Files, now: datetime) -> Iterator[Leftover]:
    """Files of a folder that a process that died was writing; a bucket has none."""
    for below, found in files.items():
        for file in found:
            if HALF_WRITTEN.fullmatch(file.name) and file.modified < now - ABANDONED and store.folder is not None:
                path = "/".join(filter(None, (folder, below, file.name)))
                remove = partial((store.folder / path).unlink, missing_ok=True)
                yield Leftover("half a write", path, [file], remove)


def _delete(store: Store, paths: Iterable[str]) -> None:
    for path in paths:
        with suppress(FileNotFoundError), answering():
            obstore.delete(store.objects, path)
        if store.folder is not None:
            with suppress(OSError):  # it holds something else
                (store.folder / path).parent.rmdir()
