"""Looking at a store again and again: which versions there are, and whether a file of theirs has changed."""

import hashlib
import os
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import BaseError

from models.errors import StoreUnavailable, reason_of
from models.names import is_model_name
from models.store.change_hint import ChangeHint, ChangeHintReader
from models.store.store import Store

__all__ = ["StoreWatch", "SurveyedModel", "SurveyedVersion", "observe_store"]

MANIFEST_FILE = "manifest.json"
LABELS_FILE = "labels.json"
GRAPH_FILE = "model.onnx"
NUMBER = re.compile(r"[1-9][0-9]{0,17}")
LARGEST_SHARE = 0.05
"""Of the time, that goes into full looks at most: the larger a store is, the rarer they are."""


@dataclass(frozen=True, slots=True)
class SurveyedVersion:
    """What a listing tells about one published version.

    Args:
        tag: Another one means that a file was written: of the names, entity tags and sizes of its files.
        graph_bytes: Size of its graph; 0 when there is none.
    """

    tag: str
    graph_bytes: int


@dataclass(frozen=True, slots=True)
class SurveyedModel:
    """What a listing tells about one model.

    Args:
        versions: By number, ascending.
        labels_tag: Of the file of its labels; empty when there is none.
    """

    versions: Mapping[int, SurveyedVersion]
    labels_tag: str


@dataclass(slots=True)
class _Found:
    files: defaultdict[int, set[tuple[str, str, int]]] = field(default_factory=lambda: defaultdict(set))
    labels_tag: str = ""


def observe_store(store: Store, *, model: str | None = None) -> dict[str, SurveyedModel]:
    """List the store, or one model of it, once.

    Returns:
        Every model that has a published version.

    Raises:
        StoreUnavailable: When it does not answer, or its folder is gone.
    """
    store.require_folder()
    found: defaultdict[str, _Found] = defaultdict(_Found)
    try:
        for parts, tag, size in _files(store, model):
            _note(found, parts, tag, size)
    except (BaseError, OSError) as error:
        raise StoreUnavailable(reason_of(error)) from error
    surveyed = {name: SurveyedModel(_published(one), one.labels_tag) for name, one in sorted(found.items())}
    return {name: one for name, one in surveyed.items() if one.versions}


class StoreWatch:
    """Knows what is in a store at the cost of one small request a look.

    Publishing and moving a label tell which model has changed, and that one is listed. What others put there, or took
    away, is found by a full look now and then.

    Args:
        store: Looked at.
        full_every_s: Seconds between two full looks; longer where one takes long. With 0, every look is a full one.
        clock: Seconds that only go forward.
    """

    def __init__(self, store: Store, *, full_every_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._full_every_s = full_every_s
        self._clock = clock
        self._changes = ChangeHintReader(ChangeHint(store.objects, store.folder))
        self._models: dict[str, SurveyedModel] = {}
        self._full_due_s = clock()

    def look(self) -> Mapping[str, SurveyedModel]:
        """Every model that has a published version.

        Raises:
            StoreUnavailable: When the store does not answer; the next look is a full one.
        """
        now_s, due_s = self._clock(), self._full_due_s
        self._full_due_s = now_s  # unless this one comes to its end
        self._store.require_folder()
        changed = self._told()  # before the listing: what comes in between is told again
        if changed is None or now_s >= due_s:
            self._models = observe_store(self._store)
            took_s = self._clock() - now_s
            self._full_due_s = now_s + (self._full_every_s and max(self._full_every_s, took_s / LARGEST_SHARE))
            return self._models
        for model in filter(is_model_name, changed):
            others = {name: one for name, one in self._models.items() if name != model}
            self._models = others | observe_store(self._store, model=model)
        self._full_due_s = due_s
        return self._models

    def _told(self) -> set[str] | None:
        """Which models have changed; None when a folder's hint cannot be read, though all else may be."""
        try:
            return self._changes.changed()
        except StoreUnavailable:
            if self._store.folder is None:
                raise
            return None


def _files(store: Store, model: str | None) -> Iterator[tuple[list[str], str, int]]:
    """The files of a model, or of all: of a bucket in one listing, of a folder without whatever else lies in it."""
    whole: Sequence[str | None] = [None] if store.folder is None else _models_in(store.folder)
    for prefix in whole if model is None else [model]:
        for batch in obstore.list(store.objects, prefix=prefix):
            for meta in batch:
                yield meta["path"].split("/"), _tag(meta), meta["size"]


def _models_in(folder: Path) -> list[str]:
    """Folders whose names models can have: a `lost+found` that nobody may read, say, is none of them."""
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries if is_model_name(entry.name) and _is_folder(entry)]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads round in a circle
        return False


def _tag(meta: Any) -> str:
    return str(meta["e_tag"] or meta["last_modified"])


def _note(found: defaultdict[str, _Found], parts: list[str], tag: str, size: int) -> None:
    model = parts[0]
    if not is_model_name(model):
        return
    if parts[1:] == [LABELS_FILE]:
        found[model].labels_tag = tag
    elif len(parts) == 3 and NUMBER.fullmatch(parts[1]):
        found[model].files[int(parts[1])].add((parts[2], tag, size))


def _published(found: _Found) -> dict[int, SurveyedVersion]:
    return {
        number: _surveyed(files)
        for number, files in sorted(found.files.items())
        if any(name == MANIFEST_FILE for name, _, _ in files)
    }


def _surveyed(files: set[tuple[str, str, int]]) -> SurveyedVersion:
    tag = hashlib.sha256(repr(sorted(files)).encode()).hexdigest()[:16]
    return SurveyedVersion(tag, next((size for name, _, size in files if name == GRAPH_FILE), 0))
