"""Searches in the store: `<model>/searches/<id>.json`, one document each, changed by compare-and-swap.

The document is all there is of a search: its spec, its trials with their values, and the jobs that train them.
"""

import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import obstore

from models.names import is_model_name
from models.queue.search_step import job_id_of
from models.store.compare_and_swap import AtomicDocument, Document
from models.store.object_store import answering, children
from models.store.store import Store

__all__ = [
    "CANCELED", "FAILED", "FINISHED", "OPEN", "RUNNING", "SEARCH_ID", "SearchDocument", "new_search", "new_search_id",
    "open_jobs", "running_searches", "search_ids",
]  # fmt: skip

RUNNING, FINISHED, FAILED, CANCELED = "running", "finished", "failed", "canceled"
"""How a search stands."""
OPEN = "open"
"""How a job stands that has not ended."""
SEARCH_ID = re.compile(r"[0-9a-f]{32}")
FORMAT_VERSION = 1


def new_search_id() -> str:
    """An id; later ones sort behind earlier ones."""
    milliseconds = int(datetime.now(UTC).timestamp() * 1000)
    return f"{milliseconds:012x}{secrets.token_hex(10)}"


def new_search(search_id: str, model: str, spec: Mapping[str, Any], data: Mapping[str, Any]) -> Document:
    """The document of a search of which nothing has happened yet.

    Args:
        search_id: Its id.
        model: Whose it is.
        spec: As it was submitted, with its `search`.
        data: What was seen of the data then.
    """
    return {
        "format_version": FORMAT_VERSION, "id": search_id, "model": model, "status": RUNNING, "spec": dict(spec),
        "data": dict(data), "created_at": datetime.now(UTC).isoformat(timespec="milliseconds"), "ended_at": None,
        "trials": [], "jobs": [], "winner": None, "result": None, "error": None, "importances": None,
    }  # fmt: skip


class SearchDocument:
    """The document of one search; its methods raise `StoreUnavailable` when the store does not answer.

    Args:
        store: Where it is.
        model: Whose it is.
        search_id: Of the search.
    """

    def __init__(self, store: Store, model: str, search_id: str) -> None:
        path = f"{model}/searches/{search_id}.json"
        self._document = AtomicDocument(store.objects, store.folder, path, "a search")

    def create(self, document: Document) -> Document:
        """Write it unless it is there; what is there then."""
        return self._document.change(lambda before: before or document)

    def read(self) -> Document | None:
        """The document; None where there is none."""
        return self._document.read() or None

    def remove(self) -> None:
        """Delete it, where it is there."""
        self._document.remove()

    def read_if_changed(self, e_tag: str | None) -> tuple[Document, str | None] | None:
        """The document and its entity tag; None when it still has the given one."""
        return self._document.read_if_changed(e_tag)

    def change(self, changed: Callable[[Document], Document]) -> Document | None:
        """Change it; None where there is none."""
        return self._document.change(lambda before: changed(before) if before else before) or None


def search_ids(store: Store, model: str) -> list[str]:
    """The ids of a model's searches, the newest first."""
    with answering():
        listing = obstore.list_with_delimiter(store.objects, f"{model}/searches")
    names = [entry["path"].rsplit("/", 1)[-1].removesuffix(".json") for entry in listing["objects"]]
    return sorted((name for name in names if SEARCH_ID.fullmatch(name)), reverse=True)


def running_searches(store: Store) -> Iterator[Document]:
    """The documents of all searches that have not ended."""
    for model in filter(is_model_name, children(store.objects, "")):
        for search_id in search_ids(store, model):
            document = SearchDocument(store, model, search_id).read()
            if document is not None and document["status"] == RUNNING:
                yield document


def open_jobs(document: Document) -> list[str]:
    """The ids of the jobs that a search waits for: the one that starts it, the winner's, or those of its trials."""
    if document["status"] != RUNNING:
        return []
    winner = document["winner"]
    if winner is not None:
        return [str(winner["job_id"])]
    if not document["jobs"]:
        return [job_id_of(document["id"], "start")]
    parallel = int(document["spec"]["search"].get("parallel") or 1)
    return [str(job["job_id"]) for job in document["jobs"] if job["status"] == OPEN][:parallel]
