"""What a worker writes again when the queue's server has forgotten it, as after FLUSHALL: itself and its job."""

from rq import Worker, worker_registration
from rq.executions import Execution, ExecutionRegistry
from rq.job import Job, JobStatus

from models.queue.job_document import unrecorded_member
from models.queue.names import INDEX, KEPT_S, SEARCH_JOBS, UNRECORDED, attempt_key
from models.queue.search_step import is_start, search_member

__all__ = ["write_job_again", "write_worker_again"]


def write_worker_again(worker: Worker) -> None:
    """Register a worker again, unless the queue's server knows it."""
    if worker.connection.sismember(worker.redis_workers_keys, worker.key):
        return
    with worker.connection.pipeline() as pipeline:
        pipeline.hset(worker.key, mapping=worker.serialize())
        worker.set_state(worker.get_state(), pipeline=pipeline)
        worker_registration.register(worker, pipeline)
        pipeline.expire(worker.key, worker.worker_ttl + 60)
        pipeline.execute()
    worker.log.warning("the queue's server had forgotten this worker: it is registered again")


def write_job_again(worker: Worker, job: Job, execution: Execution, *, lease_s: int) -> None:
    """Write the record and the lease of a running job again, unless the queue's server knows it."""
    if job.connection.hexists(job.key, "status"):
        return
    has_reported = job.connection.hexists(job.key, "meta")  # an epoch, since then
    record = {**job.to_dict(include_meta=not has_reported, include_result=False), "status": JobStatus.STARTED}
    with job.connection.pipeline() as pipeline:
        pipeline.hset(job.key, mapping=record)
        pipeline.zadd(INDEX, {job.id: job.created_at.timestamp()}, nx=True)
        if not is_start(job.meta):
            pipeline.sadd(UNRECORDED, unrecorded_member(job))
        if (member := search_member(job)) is not None:
            pipeline.sadd(SEARCH_JOBS, member)
        pipeline.set(attempt_key(job.id), execution.id, ex=KEPT_S)
        execution.save(lease_s, pipeline)
        ExecutionRegistry(job.id, job.connection).add(execution, lease_s, pipeline)
        job.started_job_registry.add_execution(execution, pipeline, lease_s)
        pipeline.sadd(execution.worker_executions_key, execution.composite_key)
        pipeline.expire(execution.worker_executions_key, worker.worker_ttl + 60)
        pipeline.execute()
    worker.log.warning("job %s: the queue's server had forgotten it: it is written again", job.id)
