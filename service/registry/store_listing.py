"""Listings of a store: which versions there are, and what tells that a file of theirs was written.

A bucket is listed once, or model by model where its models have very many files; at first only as far as it is needed
to load what should answer. Of a folder only what has changed is looked into: a version's folder says by its time
whether a file came or went.
"""

import hashlib
import os
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import obstore
import structlog
from obstore.exceptions import BaseError

from models.capture.segments import FEEDBACK, captured_folder
from models.errors import StoreUnavailable, reason_of
from models.names import is_model_name, version_number
from models.store.manifest import MANIFEST
from models.store.object_store import children
from models.store.store import Store
from service.blocking_calls import several_at_once
from service.registry.coordination.traffic_split import TrafficSplit

__all__ = ["ObservedModel", "ObservedVersion", "Watched", "observe_store"]

LABELS_FILE = "labels.json"
ROLLOUT_FILE = "rollout.json"
CAPTURE_FILE = "capture.json"
DOCUMENTS = frozenset({LABELS_FILE, ROLLOUT_FILE, CAPTURE_FILE})
"""Files of a model beside its versions, that are read again when their tag has changed."""
GRAPH_FILE = "model.onnx"
PAGE = 1000
"""Objects that a bucket lists in one answer."""
FEW = 5
"""Models in the first page of a bucket, up to which each model is listed by itself, several at one time."""
NEWEST = 2
"""Versions of a model that are listed first, beside those that have a label."""
SETTLED_NS = 2 * 10**9
"""A folder that was changed a shorter time ago can be changed again without another time."""

Watched = Mapping[str, Collection[int]]
"""Model → versions whose files are looked at one by one, as they are loaded or are to be."""

_File = tuple[str, str, int]
"""Its name or path, tag and size."""

log = structlog.get_logger("service")


@dataclass(frozen=True, slots=True)
class ObservedVersion:
    """What a listing tells about one published version.

    Args:
        tag: Another one means that a file was written: of the names, entity tags and sizes of its files.
        graph_bytes: Size of its graph; 0 when there is none.
        changed_ns: The time of its folder; None when that does not tell whether it was changed.
    """

    tag: str
    graph_bytes: int
    changed_ns: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class ObservedModel:
    """What is known of one model in the store.

    Args:
        versions: By number, ascending.
        labels_tag: Of the file of its labels; empty when there is none.
        labels: Label → version; known only where not all versions are listed.
        is_whole: Whether those are all versions, or the newest and the labelled ones.
        rollout_tag: Of the file of its rollout; empty when there is none.
        split: What the rollout asks for; None when none is under way.
        capture_tag: Of the file that says what is captured; empty when there is none.
    """

    versions: Mapping[int, ObservedVersion]
    labels_tag: str
    labels: Mapping[str, int] = field(default_factory=dict)
    is_whole: bool = True
    rollout_tag: str = ""
    split: TrafficSplit | None = None
    capture_tag: str = ""


NOTHING = ObservedModel({}, "")


def observe_store(
    store: Store, *, model: str | None = None, known: Mapping[str, ObservedModel] | None = None,
    watched: Watched | None = None, newest_only: bool = False,
) -> dict[str, ObservedModel]:  # fmt: skip
    """List the store, or one model of it, once: every model that has a published version.

    Args:
        store: The store.
        model: Only this one.
        known: What was observed before, and is believed where a folder's time has not changed.
        watched: Versions whose files are looked at all the same.
        newest_only: Whether of a bucket of very many files what should answer is enough: its models are not whole then.

    Raises:
        StoreUnavailable: When it does not answer, or its folder is gone.
    """
    store.require_folder()
    try:
        if store.folder is None:
            observed = _observe_bucket(store, model, newest_only=newest_only)
        else:
            observed = _observe_folder(store.folder, model, known or {}, watched or {})
    except (BaseError, OSError) as error:
        raise StoreUnavailable(reason_of(error)) from error
    return {name: observed[name] for name in sorted(observed) if observed[name].versions}


def _observe_newest(store: Store, name: str) -> ObservedModel:
    listing = obstore.list_with_delimiter(store.objects, name)
    own = [file for file in _files(listing["objects"]) if file[0].rpartition("/")[2] in DOCUMENTS]
    labels = _labels(store, name) if own else {}
    found = (version_number(path.rstrip("/").rpartition("/")[2]) for path in listing["common_prefixes"])
    numbers = sorted(number for number in found if number is not None)
    looked_at = {*numbers[-NEWEST:], *labels.values()}.intersection(numbers)
    files = [file for number in looked_at for file in _listed(store, f"{name}/{number}")]
    return replace(_grouped([*own, *files]).get(name, NOTHING), labels=labels, is_whole=False)


def _observe_model_of_bucket(store: Store, name: str) -> ObservedModel:
    return _grouped(_listed(store, name)).get(name, NOTHING)


def _labels(store: Store, model: str) -> Mapping[str, int]:
    try:
        return store.labels(model)
    except StoreUnavailable:  # the planner reads them again, and says why it cannot
        return {}


def _observe_bucket(store: Store, model: str | None, *, newest_only: bool) -> dict[str, ObservedModel]:
    if model is not None:
        return _grouped(_listed(store, model))
    pages = _pages(store)
    first = _files(next(pages, ()))
    if not _has_many_files(first):
        return _grouped([*first, *(file for page in pages for file in _files(page))])
    names = [name for name in children(store.objects, "") if is_model_name(name)]
    look = _observe_newest if newest_only else _observe_model_of_bucket
    return several_at_once(lambda name: look(store, name), names)


def _has_many_files(first_page: Sequence[_File]) -> bool:
    """Whether models have so many files that listing the store takes long, one answer after the other."""
    return len(first_page) >= PAGE and len({path.partition("/")[0] for path, _, _ in first_page}) <= FEW


def _listed(store: Store, prefix: str) -> Iterator[_File]:
    for page in _pages(store, prefix):
        yield from _files(page)


def _pages(store: Store, prefix: str | None = None) -> Iterator[Sequence[Mapping[str, object]]]:
    """A listing of a bucket, which is in the order of paths, without what may be very much and is no version."""
    offset: str | None = None
    while True:
        for page in obstore.list(store.objects, prefix=prefix, offset=offset, chunk_size=PAGE):
            yield page
            end = _end_of_captured(str(page[-1]["path"])) if page else None
            if end is not None:
                offset = end
                break
        else:
            return


def _end_of_captured(path: str) -> str | None:
    """Behind which path a listing goes on that has come to captured rows or their labels; None where it has not."""
    first, _, rest = path.partition("/")
    if first == FEEDBACK:
        return f"{FEEDBACK}/~"
    return f"{captured_folder(first)}/~" if rest.startswith("captured/") else None


def _files(page: Iterable[Mapping[str, object]]) -> list[_File]:
    return [(meta["path"], str(meta["e_tag"] or meta["last_modified"]), meta["size"]) for meta in page]  # type: ignore[misc]


def _grouped(files: Iterable[_File]) -> dict[str, ObservedModel]:
    """The models of a listing: path, tag and size of each file."""
    found: defaultdict[str, defaultdict[str, set[_File]]] = defaultdict(lambda: defaultdict(set))
    for path, tag, size in files:
        folder, _, file = path.rpartition("/")
        name, _, version = folder.partition("/")
        found[name][version].add((file, tag, size))
    return {name: _observed_model(found[name]) for name in found if is_model_name(name)}


def _observed_model(folders: Mapping[str, set[_File]]) -> ObservedModel:
    numbers = sorted((number, name) for name in folders if (number := version_number(name)) is not None)
    found = ((number, _observed_version(folders[name])) for number, name in numbers)
    versions = {number: version for number, version in found if version is not None}
    return _with_documents(versions, folders.get("", ()))


def _with_documents(versions: Mapping[int, ObservedVersion], files: Collection[_File]) -> ObservedModel:
    """A model with the tags of its documents."""
    tags = {file: tag for file, tag, _ in files}
    return ObservedModel(
        versions, tags.get(LABELS_FILE, ""), rollout_tag=tags.get(ROLLOUT_FILE, ""),
        capture_tag=tags.get(CAPTURE_FILE, ""),
    )  # fmt: skip


def _observed_version(files: Collection[_File], *, changed_ns: int | None = None) -> ObservedVersion | None:
    """A version, unless its manifest is missing: then it is not published."""
    sizes = {file: size for file, _, size in files}
    if MANIFEST not in sizes:
        return None
    tag = hashlib.sha256(repr(sorted(files)).encode()).hexdigest()[:16]
    return ObservedVersion(tag, sizes.get(GRAPH_FILE, 0), changed_ns)


def _observe_folder(
    folder: Path, model: str | None, known: Mapping[str, ObservedModel], watched: Watched
) -> dict[str, ObservedModel]:
    """Model by model: one that cannot be read stays as it was, unless that is so with every one of them."""
    observed, failures = {}, {}
    for name in _models_in(folder) if model is None else [model]:
        try:
            observed[name] = _observe_model(f"{folder}/{name}", known.get(name, NOTHING), watched.get(name, ()))
        except FileNotFoundError:
            continue
        except OSError as error:
            failures[name] = error
            observed[name] = known.get(name, NOTHING)
    for name, failure in failures.items():
        if len(failures) == len(observed):
            raise failure
        log.warning("model not listed", model=name, reason=reason_of(failure))
    return observed


def _models_in(folder: Path) -> list[str]:
    """Folders whose names models can have: a `lost+found` that may not be read, say, is none of them."""
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries if is_model_name(entry.name) and _is_folder(entry)]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads round in a circle
        return False


def _observe_model(folder: str, known: ObservedModel, watched: Collection[int]) -> ObservedModel:
    versions: dict[int, ObservedVersion | None] = {}
    documents: list[_File] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            number = version_number(entry.name)
            if number is not None:
                versions[number] = _observe_version(entry, known.versions.get(number), believes=number not in watched)
            elif entry.name in DOCUMENTS:
                documents += _stat([entry])
    found = {number: versions[number] for number in sorted(versions)}
    return _with_documents({number: one for number, one in found.items() if one is not None}, documents)


def _observe_version(
    folder: os.DirEntry[str], known: ObservedVersion | None, *, believes: bool
) -> ObservedVersion | None:
    try:
        changed_ns = folder.stat().st_ctime_ns
        if believes and known is not None and known.changed_ns == changed_ns:
            return known
        is_settled = abs(time.time_ns() - changed_ns) > SETTLED_NS
        with os.scandir(folder.path) as entries:
            observed = _observed_version(_stat(entries), changed_ns=changed_ns if is_settled else None)
    except FileNotFoundError:
        return None
    except OSError:  # no folder, or one that cannot be read
        return known
    return known if known is not None and (known, known.changed_ns) == (observed, changed_ns) else observed


def _stat(entries: Iterable[os.DirEntry[str]]) -> list[_File]:
    """Name, tag and size of files; what cannot be asked is left out."""
    found = []
    for entry in entries:
        with suppress(OSError):
            if entry.is_file():
                status = entry.stat()
                found.append((entry.name, f"{status.st_ino:x}-{status.st_mtime_ns:x}", status.st_size))
    return found
