"""Searches, as the service sees them: submitted, found, listed, canceled. Their trials are proposed by trainers.

The service writes a search's document and queues the job that starts it; processes that end jobs do what follows.
"""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import orjson
from rq import Queue, Retry
from rq.exceptions import DuplicateJobError
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from models.names import is_model_name
from models.queue.names import KEPT_S, MARKS_KEPT_S, SEARCH_JOBS, SEARCH_SPEC_VERSION, cancel_key
from models.queue.search_step import job_id_of, member_of
from models.searches.search_document import (
    CANCELED,
    RUNNING,
    SEARCH_ID,
    SearchDocument,
    new_search,
    new_search_id,
    open_jobs,
    search_ids,
)
from models.sources.data_state import DataState
from models.spec import Spec
from models.store.compare_and_swap import Document
from models.store.object_store import children
from models.store.store import Store
from service.blocking_calls import run_in_thread, several_at_once
from service.errors import JobHasEnded, JobNotFound, KeyReused, QueueUnavailable, SearchHasEnded, SearchNotFound
from service.jobs.gpu_check import check_gpus
from service.jobs.training_queue import TRAIN, Jobs, translated_errors

__all__ = ["SearchQueue"]

NEVER = -1
NOT_BEGUN = frozenset(status.value.encode() for status in (JobStatus.QUEUED, JobStatus.DEFERRED, JobStatus.SCHEDULED))
ATTEMPTS = 3
MODELS: dict[str, str] = {}
"""Search id → its model, of those that were asked for."""
MOST_MODELS = 10_000


class SearchQueue:
    """The searches of a store and a queue.

    Its methods are called in the event loop, which connections to the queue belong to; only the store is asked in
    threads. They raise `SearchNotFound` for a search that is not there, `StoreUnavailable` and `QueueUnavailable`.

    Args:
        jobs: The queue.
        store: Where the searches are.
    """

    def __init__(self, jobs: Jobs, store: Store) -> None:
        self._jobs = jobs
        self._store = store

    def submit(
        self, spec: Spec, written: Mapping[str, Any], data: Mapping[str, DataState], *, key: str | None = None
    ) -> Document:
        """Write the document of a search and queue its start; the same key with the same spec gives the same search.

        Args:
            spec: Of the search.
            written: The document that it was read from.
            data: What was seen of the data.
            key: What the client calls this submission.

        Raises:
            KeyReused: When the key came before with another spec.
            SpecError: When it asks for more GPUs than there are.
            QueueUnavailable: When the queue's server does not answer; nothing is left of the search then.
        """
        plain = orjson.loads(orjson.dumps(written, option=orjson.OPT_NON_STR_KEYS))
        search_id = self._id_for(key)
        with translated_errors():
            check_gpus(spec, job_id_of(search_id, "start"), self._jobs.connection, most=self._jobs.max_gpus)
        states = {name: asdict(state) for name, state in data.items()}
        stored = SearchDocument(self._store, spec.model, search_id)
        document = run_in_thread(lambda: stored.create(new_search(search_id, spec.model, plain, states)))
        if document["spec"] != plain:
            raise KeyReused(search_id)
        try:
            self._start(spec, search_id)
        except QueueUnavailable:
            if not document["jobs"]:
                run_in_thread(stored.remove)
            raise
        return document

    def _id_for(self, key: str | None) -> str:
        """A new id, or that of the search which this key came with before."""
        search_id = new_search_id()
        if key is None:
            return search_id
        name = f"onehot:search-key:{hashlib.sha256(key.encode()).hexdigest()}"
        with translated_errors():
            connection: Any = self._jobs.connection
            connection.set(name, search_id, nx=True, ex=KEPT_S)
            return str(connection.get(name).decode())

    def _start(self, spec: Spec, search_id: str) -> None:
        job_id = job_id_of(search_id, "start")
        with translated_errors(), suppress(DuplicateJobError):
            self._jobs.connection.sadd(SEARCH_JOBS, member_of(spec.model, search_id, job_id))
            queue = Queue(spec.resources.queue, connection=self._jobs.connection, serializer=JSONSerializer)
            queue.enqueue_call(
                TRAIN, kwargs={"spec": orjson.loads(orjson.dumps(spec.document)), "step": {}}, job_id=job_id,
                unique=True, timeout=NEVER,
                result_ttl=self._jobs.result_ttl_s, failure_ttl=self._jobs.failure_ttl_s,
                description=f"search {spec.model}", retry=Retry(max=ATTEMPTS),
                meta={"model": spec.model, "spec_version": SEARCH_SPEC_VERSION, "search": {"id": search_id}},
            )  # fmt: skip

    def get(self, search_id: str) -> Document:
        """One search's document."""
        return run_in_thread(self._read, search_id)

    def waiting(self, document: Document) -> frozenset[str]:
        """The ids of a search's jobs that are queued and have not begun; none while the queue does not answer."""
        ids = open_jobs(document)
        with (
            suppress(QueueUnavailable),
            translated_errors(),
            self._jobs.connection.pipeline(transaction=False) as asked,
        ):
            for job_id in ids:
                asked.hget(Job.key_for(job_id), "status")
            found = zip(ids, asked.execute(), strict=True)
            return frozenset(job_id for job_id, status in found if status in NOT_BEGUN)
        return frozenset()

    def _read(self, search_id: str) -> Document:
        document = self._stored(search_id).read()
        if document is None:
            MODELS.pop(search_id, None)
            raise SearchNotFound(search_id)
        return document

    def _stored(self, search_id: str) -> SearchDocument:
        return SearchDocument(self._store, self._model_of(search_id), search_id)

    def _model_of(self, search_id: str) -> str:
        """Whose search it is; every model is asked for the first time."""
        if not SEARCH_ID.fullmatch(search_id):
            raise SearchNotFound(search_id)
        if search_id not in MODELS:
            found = several_at_once(lambda model: search_id in search_ids(self._store, model), self._models())
            model = next((model for model, has_it in found.items() if has_it), None)
            if model is None:
                raise SearchNotFound(search_id)
            if len(MODELS) >= MOST_MODELS:
                MODELS.clear()
            MODELS[search_id] = model
        return MODELS[search_id]

    def _models(self) -> list[str]:
        self._store.require_folder()
        return [*filter(is_model_name, children(self._store.objects, ""))]

    def page(
        self, *, model: str | None, status: str | None, limit: int, after: str | None
    ) -> tuple[list[Document], str | None]:
        """One page of searches, the newest first, and the cursor of the next where there is one.

        Args:
            model: Of those that are asked for; any where None.
            status: Likewise.
            limit: How many at most.
            after: The id of the last of the page before.
        """
        return run_in_thread(self._page, model, status, limit, after)

    def _page(
        self, model: str | None, status: str | None, limit: int, after: str | None
    ) -> tuple[list[Document], str | None]:
        models = self._models() if model is None else [model] if is_model_name(model) else []
        listed = several_at_once(lambda name: search_ids(self._store, name), models)
        places = sorted(((one, name) for name, ids in listed.items() for one in ids), reverse=True)
        found: list[Document] = []
        for search_id, name in places:
            if after is not None and search_id >= after:
                continue
            document = SearchDocument(self._store, name, search_id).read()
            if document is not None and status in (None, document["status"]):
                found.append(document)
            if len(found) > limit:
                return found[:limit], str(found[limit - 1]["id"])
        return found, None

    def read_if_changed(self, search_id: str, e_tag: str | None) -> tuple[Document, str | None] | None:
        """A search's document with its entity tag; None when it still has the given one."""
        return run_in_thread(lambda: self._stored(search_id).read_if_changed(e_tag))

    def cancel(self, search_id: str) -> Document:
        """End a search: what waits never starts, what trains stops by itself.

        Raises:
            SearchHasEnded: When it has finished or failed.
        """
        ended_at = datetime.now(UTC).isoformat(timespec="milliseconds")
        was_open = list[str]()

        def canceled(before: Document) -> Document:
            was_open[:] = open_jobs(before)
            return {**before, "status": CANCELED, "ended_at": ended_at} if before["status"] == RUNNING else before

        document = run_in_thread(lambda: self._stored(search_id).change(canceled))
        if document is None:
            raise SearchNotFound(search_id)
        if document["status"] != CANCELED:
            raise SearchHasEnded(search_id, document["status"])
        for job_id in was_open:
            with translated_errors():  # also for one that a worker queues at this moment
                self._jobs.connection.set(cancel_key(job_id), 1, ex=MARKS_KEPT_S)
            with suppress(JobNotFound, JobHasEnded):
                self._jobs.cancel(job_id)
        return document
