"""The queue's server as metrics show it: memory, how long jobs wait, how they ended."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from redis import Redis
from rq.job import Job
from rq.utils import utcparse

from models.queue.names import ENDED, ENDED_COUNTS, QUEUES
from models.queue.webhook_messages import WEBHOOK_COUNTS, WEBHOOK_OUTCOMES, WEBHOOKS_DUE
from service.jobs.training_queue import Jobs, translated_errors
from service.telemetry.queue_server import QueueServer

__all__ = ["read_server_state"]

LOOKED_AT = 10
"""Jobs at the head of a queue: one that is tried again stands before others that have waited for longer."""


def read_server_state(jobs: Jobs) -> QueueServer:
    """Ask the server; what its user may not ask is left out.

    Raises:
        QueueUnavailable: When it does not answer.
    """
    with translated_errors(), jobs.connection.pipeline(transaction=False) as pipeline:
        pipeline.hgetall(ENDED_COUNTS)
        pipeline.info("memory")
        pipeline.hgetall(WEBHOOK_COUNTS)
        pipeline.zcard(WEBHOOKS_DUE)
        for name in QUEUES:
            pipeline.lrange(f"rq:queue:{name}", 0, LOOKED_AT - 1)
        ended, memory, webhooks, waiting, *heads = pipeline.execute(raise_on_error=False)
        oldest_s = {name: _oldest_s(jobs.connection, ids) for name, ids in zip(QUEUES, heads, strict=True)}
    counted = (
        {outcome: int(webhooks.get(outcome.encode(), 0)) for outcome in WEBHOOK_OUTCOMES}
        if isinstance(webhooks, dict) and webhooks
        else {}
    )
    return QueueServer(oldest_s, _ended(ended), *_memory(memory), counted, waiting if counted else 0)


def _oldest_s(connection: Redis, job_ids: Any) -> float:
    """How long the one of these jobs has waited that waits for longest."""
    if not isinstance(job_ids, list) or not job_ids:
        return 0.0
    with connection.pipeline(transaction=False) as pipeline:
        for job_id in job_ids:
            pipeline.hget(Job.key_for(job_id.decode()), "enqueued_at")
        times = [at for raw in pipeline.execute() if raw and (at := _time_of(raw))]
    return max(0.0, (datetime.now(UTC) - min(times)).total_seconds()) if times else 0.0


def _time_of(raw: bytes) -> datetime | None:
    """When a job was queued; None where what the queue holds is no time, as of a job that others put there."""
    try:
        return utcparse(raw.decode())
    except ValueError:
        return None


def _ended(counts: Any) -> Mapping[tuple[str, str], int]:
    """Every queue and status, so that the first failure is a step up from 0; what else is in the hash is left out."""
    if not isinstance(counts, dict):
        return {}
    return {(queue, status): int(counts.get(f"{queue}:{status}".encode(), 0)) for queue, status in _pairs()}


def _pairs() -> Iterable[tuple[str, str]]:
    return ((queue, status) for queue in QUEUES for status in sorted(ENDED - {"canceled"}))


def _memory(memory: Any) -> tuple[int | None, int | None]:
    """Bytes that count against the limit, and the limit, where there is one."""
    if not isinstance(memory, dict) or "used_memory" not in memory:
        return None, None
    counted = int(memory["used_memory"]) - int(memory.get("mem_not_counted_for_evict", 0))
    return counted, int(memory.get("maxmemory", 0)) or None
