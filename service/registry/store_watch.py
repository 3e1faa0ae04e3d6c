"""The observed store: which versions there are, and whether a file of theirs has changed."""

import hashlib
import os
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import obstore
from obstore.exceptions import BaseError

from models.errors import StoreUnavailable, reason_of
from models.names import is_model_name
from models.store.change_hint import ChangeHintReader
from models.store.store import Store
from service.registry.missing_parts import MissingParts

__all__ = ["ObservedModel", "ObservedVersion", "StoreWatch", "observe_store"]

MANIFEST_FILE = "manifest.json"
LABELS_FILE = "labels.json"
GRAPH_FILE = "model.onnx"
NUMBER = re.compile(r"[1-9][0-9]{0,17}")
LARGEST_SHARE = 0.05
"""Of the time, that goes into full looks at most: the larger a store is, the rarer they are."""

_File = tuple[str, str, int]
"""Its name, tag and size."""


@dataclass(frozen=True, slots=True)
class ObservedVersion:
    """What a listing tells about one published version.

    Args:
        tag: Another one means that a file was written: of the names, entity tags and sizes of its files.
        graph_bytes: Size of its graph; 0 when there is none.
    """

    tag: str
    graph_bytes: int


@dataclass(frozen=True, slots=True)
class ObservedModel:
    """What is known of one model in the store.

    Args:
        versions: By number, ascending.
        labels_tag: Of the file of its labels; empty when there is none.
        labels: Label → version; a listing does not tell them.
    """

    versions: Mapping[int, ObservedVersion]
    labels_tag: str
    labels: Mapping[str, int] = field(default_factory=dict)


def observe_store(store: Store, *, model: str | None = None) -> dict[str, ObservedModel]:
    """List the store, or one model of it, once: every model that has a published version.

    Raises:
        StoreUnavailable: When it does not answer, or its folder is gone.
    """
    store.require_folder()
    found: defaultdict[str, defaultdict[str, set[_File]]] = defaultdict(lambda: defaultdict(set))
    try:
        for path, tag, size in _files(store, model):
            folder, _, file = path.rpartition("/")
            name, _, version = folder.partition("/")
            found[name][version].add((file, tag, size))
    except (BaseError, OSError) as error:
        raise StoreUnavailable(reason_of(error)) from error
    observed = {name: _observed_model(found[name]) for name in sorted(filter(is_model_name, found))}
    return {name: one for name, one in observed.items() if one.versions}


class StoreWatch:
    """Knows what is in a store at the cost of one small request a look.

    Publishing and moving a label tell which model has changed, and that one is listed. What other tools put there, or
    took away, is found by a full look now and then.

    Args:
        full_every_s: Seconds between two full looks; longer where one takes long. With 0, every look is a full one.
        confirm_s: How long what a full look finds missing stays known; then another one must find it missing, too.
        had_models: Whether the store had models when another process watched it.
        clock: Seconds that only go forward.
    """

    def __init__(
        self, store: Store, *, full_every_s: float, confirm_s: float = 0.0, had_models: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._store = store
        self._missing = MissingParts(store, confirm_s=confirm_s, had_models=had_models)
        self._full_every_s = full_every_s
        self._clock = clock
        self._hint = ChangeHintReader(store.objects, store.folder)
        self._models: dict[str, ObservedModel] = {}
        self._full_due_s = clock()

    def look(self) -> Mapping[str, ObservedModel]:
        """Every model that has a published version.

        Raises:
            StoreUnavailable: When the store does not answer; the next look is a full one.
        """
        now_s, due_s = self._clock(), self._full_due_s
        self._full_due_s = now_s  # unless this one comes to its end
        self._store.require_folder()
        changed = self._changed()  # before the listing: a change in between is found by the next look
        if changed is None or now_s >= due_s:
            self._models = self._missing.keep(self._models, observe_store(self._store), now_s=now_s)
            took_s = self._clock() - now_s
            self._full_due_s = now_s + (self._full_every_s and max(self._full_every_s, took_s / LARGEST_SHARE))
            self._full_due_s = self._missing.next_look_s(self._full_due_s)
            return self._models
        for model in filter(is_model_name, changed):
            others = {name: one for name, one in self._models.items() if name != model}
            self._models = others | observe_store(self._store, model=model)
        self._full_due_s = due_s
        return self._models

    def _changed(self) -> set[str] | None:
        """Which models have changed; None when a folder's hint cannot be read, though all else may be."""
        try:
            return self._hint.changed()
        except StoreUnavailable:
            if self._store.folder is None:
                raise
            return None


def _files(store: Store, model: str | None) -> Iterator[tuple[str, str, int]]:
    """Path, tag and size of the files of a model, or of all: a bucket is listed once, a folder model by model."""
    prefixes = [model] if model is not None or store.folder is None else _models_in(store.folder)
    for prefix in prefixes:
        for batch in obstore.list(store.objects, prefix=prefix):
            for meta in batch:
                yield meta["path"], str(meta["e_tag"] or meta["last_modified"]), meta["size"]


def _models_in(folder: Path) -> list[str | None]:
    """Folders whose names models can have: a `lost+found` that may not be read, say, is none of them."""
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries if is_model_name(entry.name) and _is_folder(entry)]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads round in a circle
        return False


def _observed_model(folders: Mapping[str, set[_File]]) -> ObservedModel:
    numbers = sorted(int(folder) for folder in folders if NUMBER.fullmatch(folder))
    found = {number: _observed_version(folders[str(number)]) for number in numbers}
    labels_tag = next((tag for file, tag, _ in folders.get("", ()) if file == LABELS_FILE), "")
    return ObservedModel({number: version for number, version in found.items() if version is not None}, labels_tag)


def _observed_version(files: set[_File]) -> ObservedVersion | None:
    """A version, unless its manifest is missing: then it is not published."""
    sizes = {file: size for file, _, size in files}
    if MANIFEST_FILE not in sizes:
        return None
    tag = hashlib.sha256(repr(sorted(files)).encode()).hexdigest()[:16]
    return ObservedVersion(tag, sizes.get(GRAPH_FILE, 0))
