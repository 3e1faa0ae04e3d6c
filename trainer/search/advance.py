"""A search goes on: the process that ends one of its jobs adds the outcome, and queues what is to be trained next.

Nothing runs a search: its document in the store is changed by compare-and-swap by the process that ends a job, and a
job's id follows from what it does. Wherever a process is killed, doing all of it again does no more than was left.
"""

import logging
from dataclasses import dataclass
from typing import Any

from redis import Redis
from rq import Queue, Retry
from rq.exceptions import DuplicateJobError, NoSuchJobError
from rq.job import Job
from rq.serializers import JSONSerializer

from models.queue.job_document import job_document
from models.queue.names import ENDED, INDEX, SEARCH_JOBS, SEARCH_SPEC_VERSION
from models.queue.search_step import SearchStep, member_of
from models.queue.server_clock import server_time_s
from models.searches.search_document import RUNNING, SearchDocument, open_jobs
from models.settings import Settings
from models.spec import Spec
from models.store.checkpoints import JobCheckpoints
from models.store.compare_and_swap import Document
from models.store.store import Store
from trainer.search.planning import JobEnd, Search, planned, with_end

__all__ = ["Searches"]

TRAIN = "trainer.jobs.train"
NEVER = -1
ATTEMPTS = 3

log = logging.getLogger("trainer")


@dataclass(frozen=True, slots=True)
class Searches:
    """The searches of a store and a queue.

    Args:
        connection: To the queue's server.
        store: Where the searches are.
        settings: For how long the queue keeps jobs that have ended.
    """

    connection: Redis
    store: Store
    settings: Settings

    def advance(self, model: str, search_id: str, end: JobEnd | None = None) -> None:
        """Note how a job ended, decide what follows, and queue it; once more it changes nothing.

        Raises:
            StoreUnavailable: When the store does not answer; nothing is lost by that.
        """
        stored = SearchDocument(self.store, model, search_id)
        document = stored.change(lambda before: planned(before if end is None else with_end(before, end)))
        if document is None:
            log.warning("search %s of %s: its document is gone", search_id, model)
        elif document["status"] == RUNNING:
            self._queue_open_jobs(document)
        else:
            self._clean(document)

    def hear(self, member: str) -> None:
        """Advance the search of a job that has ended; one that is gone from the queue is queued again.

        Args:
            member: As of `member_of`.
        """
        model, search_id, job_id = member.split("/")
        end = self._end_of(job_id)
        if end is None:
            self.advance(model, search_id)
            document = SearchDocument(self.store, model, search_id).read()
            if document is not None and job_id in open_jobs(document):
                return
        elif end.status in ENDED:
            self.advance(model, search_id, end)
        else:
            return
        self.connection.srem(SEARCH_JOBS, member)

    def _end_of(self, job_id: str) -> JobEnd | None:
        """How a job stands; None when the queue does not know it."""
        try:
            job = Job.fetch(job_id, connection=self.connection, serializer=JSONSerializer)
        except (NoSuchJobError, ValueError):
            return None
        document = job_document(job)
        result = document["result"]
        error = document["error"]
        if not isinstance(result, dict):
            error = error or {"type": "TrainingError", "message": f"the job was {document['status']}"}
        return JobEnd(job_id, document["status"], result if isinstance(result, dict) else None, error)

    def _queue_open_jobs(self, document: Document) -> None:
        search = Search(document)
        wanted = set(open_jobs(document))
        if document["winner"] is not None:
            self._queue_winner(search)
            return
        for job in search.jobs:
            if job["job_id"] in wanted:
                spec, step = search.trial_spec(job["trial"]), search.step_of(job)
                self._queue(job["job_id"], spec, step)

    def _queue_winner(self, search: Search) -> None:
        winner = search.document["winner"]
        step = SearchStep(
            id=search.document["id"], trial=winner["trial"], objective=search.block.objective, value=winner["value"],
            trials=len(search.trials),
        )  # fmt: skip
        spec = search.trial_spec(winner["trial"])
        self._queue(winner["job_id"], spec, step, data=search.document["data"])

    def _queue(self, job_id: str, spec: Spec, step: SearchStep, **more: Any) -> None:
        """Queue a job, unless it is there; before that it is among those of whose end searches are to hear."""
        self.connection.sadd(SEARCH_JOBS, member_of(spec.model, step.id, job_id))
        self.connection.zadd(INDEX, {job_id: server_time_s(self.connection)}, nx=True)
        queue = Queue(spec.resources.queue, connection=self.connection, serializer=JSONSerializer)
        try:
            queue.enqueue_call(
                TRAIN, kwargs={"spec": spec.document, "step": step.document}, job_id=job_id, unique=True,
                timeout=NEVER, result_ttl=self.settings.result_ttl_s, failure_ttl=self.settings.failure_ttl_s,
                description=f"trial {step.trial} of {spec.model}", retry=Retry(max=ATTEMPTS),
                meta={"model": spec.model, "spec_version": SEARCH_SPEC_VERSION,
                      "search": {"id": step.id, "trial": step.trial}, **more},
            )  # fmt: skip
        except DuplicateJobError:
            return
        log.info("search %s: trial %d: job %s is queued", step.id, step.trial, job_id)

    def _clean(self, document: Document) -> None:
        """Of a search that has ended: the checkpoints of its trials go."""
        for name in {SearchStep(id=document["id"], trial=job["trial"], repeat=job["repeat"], objective="").checkpoints
                     for job in document["jobs"]}:  # fmt: skip
            JobCheckpoints(self.store, document["model"], name).remove()
