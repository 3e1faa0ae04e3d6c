"""Trainings on the queue, as the service sees them: enqueued by name, listed, canceled.

The trainer's code is not here and is not imported: a job is a name and a spec as JSON. Importing this module costs a
third of a second and some megabytes (redis, rq), so the service does it when the first job is asked for.
"""

import hashlib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import orjson
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Retry
from rq.exceptions import DuplicateJobError, InvalidJobOperation, NoSuchJobError
from rq.job import Job, JobStatus
from rq.registry import CanceledJobRegistry
from rq.serializers import JSONSerializer

from models.queue.job_document import job_document, job_status, unrecorded_member
from models.queue.job_messages import add_job_messages
from models.queue.names import (
    ENDED,
    FAILURE_TTL_S,
    INDEX,
    MARKS_KEPT_S,
    QUEUES,
    RESULT_TTL_S,
    SPEC_VERSION,
    UNRECORDED,
    cancel_key,
)
from models.queue.refusals import refusal_of
from models.queue.run_facts import forget_facts, keep_written_spec
from models.queue.search_step import is_start
from models.queue.server_clock import server_time_s
from models.runs.queued import record_of_job
from models.sources.data_state import DataState
from models.spec import Spec
from models.store.gate_verdict import with_verdict
from service.errors import JobHasEnded, JobNotFound, KeyReused, QueueFull, QueueUnavailable
from service.jobs.gpu_check import check_gpus

__all__ = ["TRAIN", "Jobs", "translated_errors", "with_result_verdict"]

TRAIN = "trainer.jobs.train"
INDEX_LENGTH = 10_000
NEVER = -1
ATTEMPTS = Retry(max=3)
NOTHING_SEEN: Mapping[str, DataState] = {}


@contextmanager
def translated_errors() -> Iterator[None]:
    """Raise redis' errors as `QueueUnavailable`, or as `QueueFull`."""
    try:
        yield
    except RedisError as error:
        if (reason := refusal_of(error)) is not None:
            raise QueueFull(reason) from error
        raise QueueUnavailable(f"{type(error).__name__}: {error}") from error


class Jobs:
    """The queue of trainings, over a connection with short timeouts.

    Its methods raise `JobNotFound` for a job that is not there, `QueueUnavailable` when the queue's server does not
    answer, and `QueueFull` when it cannot write.

    Args:
        connection: To the queue's server.
        result_ttl_s: How long the queue keeps a job that finished.
        failure_ttl_s: How long it keeps one that failed or was canceled.
        max_gpus: What a training may ask for; with 0, as many as the largest worker has.
    """

    def __init__(
        self, connection: Redis, *, result_ttl_s: int = RESULT_TTL_S, failure_ttl_s: int = FAILURE_TTL_S,
        max_gpus: int = 0,
    ) -> None:  # fmt: skip
        self.connection = connection
        self.result_ttl_s = result_ttl_s
        self.failure_ttl_s = failure_ttl_s
        self.max_gpus = max_gpus

    def submit(
        self, spec: Spec, *, idempotency_key: str | None = None, data: Mapping[str, DataState] = NOTHING_SEEN,
        written: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """Queue a training; the same key with the same spec gives the same job's document.

        Args:
            spec: What to train.
            idempotency_key: What the client calls this submission.
            data: What was seen of the data: the worker compares it with what it finds.
            written: The spec as the client wrote it, for the record of the run.

        Raises:
            KeyReused: When the key came before with another spec.
            SpecError: When it asks for more GPUs than there are.
            QueueUnavailable: When the queue's server does not answer; the job may be queued or not.
        """
        document = orjson.loads(orjson.dumps(spec.document))
        job_id = uuid.uuid4().hex if idempotency_key is None else _id_of(idempotency_key)
        with translated_errors():
            check_gpus(spec, job_id, self.connection, most=self.max_gpus)
            self._index(job_id)
            try:
                if written is not None:
                    keep_written_spec(self.connection, job_id, written)
                job = self._enqueue(spec, document, job_id, data)
            except DuplicateJobError:
                job = self._fetch(job_id)
                if job.kwargs != {"spec": document}:
                    raise KeyReused(job_id) from None
            return self._described(job)

    def _enqueue(self, spec: Spec, document: dict[str, Any], job_id: str, data: Mapping[str, DataState]) -> Job:
        queue = Queue(spec.resources.queue, connection=self.connection, serializer=JSONSerializer)
        return queue.enqueue_call(
            TRAIN,
            kwargs={"spec": document},
            job_id=job_id,
            unique=True,
            timeout=NEVER,
            result_ttl=self.result_ttl_s,
            failure_ttl=self.failure_ttl_s,
            description=f"train {spec.model}",
            meta={
                "model": spec.model,
                "spec_version": SPEC_VERSION,
                "data": {key: asdict(state) for key, state in data.items()},
            },
            retry=ATTEMPTS,
        )

    def _index(self, job_id: str) -> None:
        submitted_s = server_time_s(self.connection)
        with self.connection.pipeline() as pipeline:
            pipeline.zadd(INDEX, {job_id: submitted_s}, nx=True)
            pipeline.zremrangebyrank(INDEX, 0, -INDEX_LENGTH - 1)
            pipeline.execute()

    def get(self, job_id: str) -> dict[str, Any]:
        """One job's document."""
        with translated_errors():
            return self._described(self._fetch(job_id))

    def status(self, job_id: str) -> str:
        """One job's status."""
        with translated_errors():
            return job_status(self._fetch(job_id))

    def cancel(self, job_id: str) -> dict[str, Any]:
        """Ask a job to stop: one that waits never starts, one that runs stops by itself. Its document.

        Raises:
            JobHasEnded: When it has finished or failed.
        """
        with translated_errors():
            job = self._fetch(job_id)
            status = job.get_status()
            if status in (JobStatus.FINISHED, JobStatus.FAILED):
                raise JobHasEnded(job_id, job_status(job))
            # The flag first: a worker that takes the job at this moment sees it.
            self.connection.set(cancel_key(job_id), 1, ex=MARKS_KEPT_S)
            if status != JobStatus.STARTED and status not in ENDED:
                with suppress(InvalidJobOperation):  # another request or a worker was faster
                    if not is_start(job.meta):
                        self.connection.sadd(UNRECORDED, unrecorded_member(job))
                    job.cancel()
                    self._let_expire(job)
            return self._described(self._fetch(job_id))

    def unrecorded(self, job_id: str) -> dict[str, Any] | None:
        """The record of a job that was canceled before it began; None where it has one in the store already."""
        with translated_errors():
            job = self._fetch(job_id)
            is_missing = self.connection.sismember(UNRECORDED, unrecorded_member(job))
            is_canceled = job_status(job) == JobStatus.CANCELED
            return record_of_job(job, str(job.meta.get("model"))) if is_canceled and is_missing else None

    def note_recorded(self, record: Mapping[str, Any]) -> None:
        """Note that the record of a job is in the store, and tell webhooks of its end."""
        with translated_errors():
            add_job_messages(self.connection, record)
            forget_facts(self.connection, record["id"])
            self.connection.srem(UNRECORDED, unrecorded_member(self._fetch(record["id"])))

    def _let_expire(self, job: Job) -> None:
        """Have a canceled job forgotten in time, which RQ does not do."""
        canceled = CanceledJobRegistry(job.origin, self.connection).key
        with self.connection.pipeline() as pipeline:
            pipeline.expire(job.key, self.failure_ttl_s)
            pipeline.zremrangebyscore(canceled, "-inf", datetime.now(UTC).timestamp() - self.failure_ttl_s)
            pipeline.execute()

    def queues(self) -> Iterator[tuple[str, int, int]]:
        """Each queue's name, how many jobs wait in it, and how many workers listen to it."""
        with translated_errors(), self.connection.pipeline(transaction=False) as pipeline:
            for name in QUEUES:
                pipeline.llen(f"rq:queue:{name}")
                pipeline.scard(f"rq:workers:{name}")
            answers = pipeline.execute()
        return zip(QUEUES, answers[::2], answers[1::2], strict=True)

    def described(self, jobs: Sequence[Job]) -> list[dict[str, Any]]:
        """The documents of jobs."""
        ahead = self._jobs_ahead(jobs)
        return [_document(job, ahead) for job in jobs]

    def _described(self, job: Job) -> dict[str, Any]:
        return self.described([job])[0]

    def _jobs_ahead(self, jobs: Sequence[Job]) -> dict[str, int]:
        """Behind how many others each of those that wait does: those that run on its queue, and those before it."""
        ahead: dict[str, int] = {}
        for name in {job.origin for job in jobs if job.get_status(refresh=False) == JobStatus.QUEUED}:
            queue = Queue(name, connection=self.connection, serializer=JSONSerializer)
            running = queue.started_job_registry.get_job_count(cleanup=False)
            ahead |= {job_id: running + place for place, job_id in enumerate(queue.get_job_ids())}
        return ahead

    def _fetch(self, job_id: str) -> Job:
        try:
            return Job.fetch(job_id, connection=self.connection, serializer=JSONSerializer)
        except (NoSuchJobError, ValueError) as error:
            raise JobNotFound(job_id) from error


def _id_of(idempotency_key: str) -> str:
    return f"idem-{hashlib.sha256(idempotency_key.encode()).hexdigest()[:32]}"


def _document(job: Job, ahead: Mapping[str, int]) -> dict[str, Any]:
    document = job_document(job)
    waits = document["status"] == JobStatus.QUEUED
    return {**with_result_verdict(document), "jobs_ahead": ahead.get(job.id) if waits else None}


def with_result_verdict(document: dict[str, Any]) -> dict[str, Any]:
    """A job's document, with the verdict of the gate in its result where that does not hold."""
    result = document["result"]
    return {**document, "result": with_verdict(result)} if isinstance(result, dict) else document
