"""Records of trainings, which outlive the queue: `<model>/runs/<job id>.json`. Layout: `models/README.md`."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import obstore

from models.names import is_model_name
from models.store.object_store import OtherSize, answering, children, get
from models.store.store import Store
from models.store.strict_json import read_object

__all__ = ["find_run", "write_run"]

RUN_ID = re.compile(r"(idem-)?[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""The ids of jobs: only for these is the store looked through."""
LARGEST_RUN_BYTES = 64 * 2**20
Found = dict[str, Any] | None
Ask = Callable[[Callable[[str], Found], Sequence[str]], Iterable[Found]]
TEXTS = ("id", "status", "queue")
TEXTS_OR_NULL = ("model", "created_at", "enqueued_at", "started_at", "ended_at")
OBJECTS_OR_NULL = ("progress", "error", "result", "history")


def write_run(store: Store, document: dict[str, Any]) -> None:
    """Write the record of a training that has ended; again when it is there.

    Raises:
        StoreUnavailable: When the store does not answer.
    """
    content = json.dumps(document, allow_nan=False).encode()
    with answering():
        obstore.put(store.objects, _path(document["model"], document["id"]), content)


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
    if not RUN_ID.fullmatch(run_id):
        return None
    store.require_folder()
    names = [*filter(is_model_name, children(store.objects, "") if model is None else (model,))]
    return next(filter(None, ask(lambda name: _read(store, name, run_id), names)), None)


def _read(store: Store, model: str, run_id: str) -> Found:
    try:
        content = get(store.objects, _path(model, run_id), most_bytes=LARGEST_RUN_BYTES)
        document = None if content is None else read_object(content)
    except (OtherSize, ValueError):
        return None
    return document if document is not None and _is_record(document, run_id) else None


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


def _path(model: str, run_id: str) -> str:
    return f"{model}/runs/{run_id}.json"
