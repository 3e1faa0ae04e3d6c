"""Marks of versions that are being deleted: files in the folder of the version, written before anything of it goes.

A label moves in this order: its promotion is recorded, the marks are read, the label is written. A version is deleted
in this order: its mark is written, promotions and labels are read, the manifest goes. The later of the two sees the
earlier one, so a label never comes to a version that goes.
"""

import json
import uuid
from datetime import UTC, datetime

import obstore
from obstore.store import ObjectStore

from models.errors import VersionNotFound
from models.store.object_store import answering, create

__all__ = ["add_mark", "is_mark", "names_in", "require_kept"]

PREFIX = "deleting-"


def is_mark(name: str) -> bool:
    """Whether a file of a version's folder is a mark."""
    return name.startswith(PREFIX)


def add_mark(objects: ObjectStore, folder: str, *, by: str, force: bool) -> str:
    """Write a mark of its own for one deletion; returns its name."""
    name = f"{PREFIX}{uuid.uuid4().hex[:12]}.json"
    at = datetime.now(UTC).isoformat(timespec="seconds")
    create(objects, f"{folder}/{name}", json.dumps({"by": by, "at": at, "force": force}).encode())
    return name


def names_in(objects: ObjectStore, folder: str) -> list[str]:
    """The names of the files in a folder; empty when there is none."""
    with answering():
        listing = obstore.list_with_delimiter(objects, folder)
    return [entry["path"].rsplit("/", 1)[-1] for entry in listing["objects"]]


def require_kept(objects: ObjectStore, model: str, version: int, *having: str) -> None:
    """Check that a version has one of some files, and that it is not being deleted.

    Raises:
        VersionNotFound: When it has none of them, or a mark.
    """
    names = set(names_in(objects, f"{model}/{version}"))
    if names.isdisjoint(having) or any(map(is_mark, names)):
        raise VersionNotFound(model, version)
