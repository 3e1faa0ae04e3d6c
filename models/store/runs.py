"""Records of trainings, which outlive the queue: `<model>/runs/<id>.json`. Fields: `docs/runs.md`.

`<model>/last-run.json` names the run that ended last. `runs.json` at the store's root, once a service
follows the runs, is a hint: it maps a model to a token that each record replaces. Neither is part of the truth.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import obstore

from models.errors import StoreUnavailable
from models.names import is_model_name
from models.store.change_hint import ChangeHintReader, leave_hint
from models.store.compare_and_swap import AtomicDocument, UnreadableDocument
from models.store.object_store import OtherSize, answering, children, get
from models.store.store import Store
from models.strict_json import read_object

__all__ = [
    "StoredRun", "change_run", "find_run", "is_run_id", "last_run", "note_last_run", "read_run", "run_hint_reader",
    "stored_runs", "write_run",
]  # fmt: skip

RUN_ID = re.compile(r"(idem-)?[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""The ids of jobs: only for these is the store looked through."""
LARGEST_RUN_BYTES = 64 * 2**20
HINT = "runs.json"
KEPT = ("tags", "note", "previous")
"""What a record that is written again keeps."""
Record = dict[str, Any]
Found = Record | None
Ask = Callable[[Callable[[str], Found], Sequence[str]], Iterable[Found]]
TEXTS = ("id", "status", "queue")
TEXTS_OR_NULL = ("model", "created_at", "enqueued_at", "started_at", "ended_at")
OBJECTS_OR_NULL = ("progress", "error", "result", "history")


@dataclass(frozen=True, slots=True)
class StoredRun:
    """What a listing tells of a record.

    Args:
        model: Of the training.
        id: Of the run.
        tag: Another one means that the record was written again.
        at: When it was written, by the store's clock.
        size_bytes: Of the record.
    """

    model: str
    id: str
    tag: str
    at: datetime
    size_bytes: int = 0


def is_run_id(text: str) -> bool:
    """Whether a run can have this id."""
    return RUN_ID.fullmatch(text) is not None


def write_run(store: Store, document: Mapping[str, Any]) -> None:
    """Write the record of a training that has ended; again when it is there, with its tags and its note.

    Raises:
        StoreUnavailable: When the store does not answer.
    """
    model, run_id = document["model"], document["id"]
    record = _record(store, model, run_id)
    try:
        record.change(lambda before: {**document, **{name: before[name] for name in KEPT if before.get(name)}})
    except UnreadableDocument:
        record.write(dict(document))
    leave_hint(store.objects, store.folder, model, path=HINT)


def change_run(store: Store, model: str, run_id: str, changes: Mapping[str, Any]) -> Found:
    """Change fields of a record by compare-and-swap; the whole record, or None where there is none that can be read.

    Raises:
        StoreUnavailable: When the store does not answer.
    """

    def changed(before: Record) -> Record:
        return {**before, **changes} if _is_record(before, run_id) else before

    if read_run(store, model, run_id) is None:
        return None
    try:
        after = _record(store, model, run_id).change(changed)
    except UnreadableDocument:
        return None
    leave_hint(store.objects, store.folder, model, path=HINT)
    return after if _is_record(after, run_id) else None


def find_run(store: Store, run_id: str, *, model: str | None = None, ask: Ask = map) -> Found:
    """The record of a training; None where there is none that can be read.

    Args:
        store: Where it is.
        run_id: The id of the job.
        model: Of the training; where it is not known, every model is asked for.
        ask: Calls a function for each of some models; by default one after the other, up to the one that has it.

    Raises:
        StoreUnavailable: When the store does not answer.
    """
    if not is_run_id(run_id):
        return None
    store.require_folder()
    names = [*filter(is_model_name, children(store.objects, "") if model is None else (model,))]
    return next(filter(None, ask(lambda name: read_run(store, name, run_id), names)), None)


def read_run(store: Store, model: str, run_id: str) -> Found:
    """The record of a model's training; None where there is none that can be read.

    Raises:
        StoreUnavailable: When the store does not answer.
    """
    try:
        content = get(store.objects, _path(model, run_id), most_bytes=LARGEST_RUN_BYTES)
        document = None if content is None else read_object(content)
    except (OtherSize, ValueError):
        return None
    return document if document is not None and _is_record(document, run_id) else None


def stored_runs(store: Store, model: str) -> list[StoredRun]:
    """Every record of a model, as one listing tells of it.

    Raises:
        StoreUnavailable: When the store does not answer.
    """
    with answering():
        listed = obstore.list_with_delimiter(store.objects, f"{model}/runs")["objects"]
    named = [(meta["path"].rpartition("/")[2].removesuffix(".json"), meta) for meta in listed]
    return [
        StoredRun(
            model, name, f"{meta['e_tag']} {meta['size']} {meta['last_modified']}", meta["last_modified"], meta["size"]
        )
        for name, meta in named
        if is_run_id(name)
    ]


def run_hint_reader(store: Store) -> ChangeHintReader:
    """Tells which models have new records, or changed ones, once its hint was made."""
    return ChangeHintReader(store.objects, store.folder, path=HINT)


def last_run(store: Store, model: str) -> str | None:
    """The id of the run of a model that ended last; where that was not noted, the record that was written last.

    Raises:
        StoreUnavailable: When the store does not answer.
    """
    with suppress(UnreadableDocument):
        named = _last(store, model).read().get("id")
        if isinstance(named, str) and is_run_id(named):
            return named
    latest = max(stored_runs(store, model), key=lambda run: run.at, default=None)
    return None if latest is None else latest.id


def note_last_run(store: Store, model: str, run_id: str) -> None:
    """Note that a run of a model ended; when that fails, the next one is compared with another."""
    with suppress(StoreUnavailable):
        _last(store, model).write({"id": run_id})


def _is_record(document: Mapping[str, Any], run_id: str) -> bool:
    """Whether a document has what readers of a record build on."""
    first, columns = document.get("first_epoch"), document.get("history") or {}
    return (
        document.get("id") == run_id
        and all(isinstance(document.get(name), str) for name in TEXTS)
        and all(isinstance(document.get(name), str | None) for name in TEXTS_OR_NULL)
        and all(isinstance(document.get(name), dict | None) for name in OBJECTS_OR_NULL)
        and isinstance(first, int | None)
        and all(isinstance(column, list) for column in columns.values())
    )


def _record(store: Store, model: str, run_id: str) -> AtomicDocument:
    return AtomicDocument(
        store.objects, store.folder, _path(model, run_id), holds="the record of a run", most_bytes=LARGEST_RUN_BYTES,
        lock=".lock", is_sorted=False,
    )  # fmt: skip


def _last(store: Store, model: str) -> AtomicDocument:
    return AtomicDocument(store.objects, store.folder, f"{model}/last-run.json", holds='{"id": of a run}')


def _path(model: str, run_id: str) -> str:
    return f"{model}/runs/{run_id}.json"
