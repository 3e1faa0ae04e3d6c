"""What the queue keeps of a run until its record is in the store: the spec as written, and what the training tells.

`onehot:job:<id>:facts` is a hash: `written`, the submitted document as compressed JSON; `attempts`, how often the job
began; `worker`, which had it last; and the facts that the training tells, each as JSON.
"""

import json
import zlib
from collections.abc import Mapping
from typing import Any

from models.queue.names import KEPT_S, attempt_key

__all__ = ["add_facts", "facts_key", "forget_facts", "keep_written_spec", "note_attempt", "read_facts"]

WRITTEN, ATTEMPTS, WORKER = "written", "attempts", "worker"
ADD = """
local current = redis.call('GET', KEYS[2])
if current and current ~= ARGV[1] then return 0 end
for place = 3, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[place], ARGV[place + 1]) end
return redis.call('EXPIRE', KEYS[1], ARGV[2])
"""
"""Asks for the attempt and writes in one step, as the report of an epoch does."""


def facts_key(job_id: str) -> str:
    """The hash of a job's facts."""
    return f"onehot:job:{job_id}:facts"


def keep_written_spec(connection: Any, job_id: str, document: Mapping[str, Any]) -> None:
    """Keep the document that was submitted, unless there is one."""
    content = zlib.compress(json.dumps(document, allow_nan=False, default=str).encode())
    with connection.pipeline() as pipeline:
        pipeline.hsetnx(facts_key(job_id), WRITTEN, content)
        pipeline.expire(facts_key(job_id), KEPT_S)
        pipeline.execute()


def note_attempt(connection: Any, job_id: str, worker: str) -> None:
    """Count an attempt that begins, and name its worker; `connection` may be a pipeline."""
    connection.hincrby(facts_key(job_id), ATTEMPTS, 1)
    connection.hset(facts_key(job_id), WORKER, worker)
    connection.expire(facts_key(job_id), KEPT_S)


def add_facts(connection: Any, job_id: str, attempt: str, facts: Mapping[str, Any]) -> None:
    """Keep what a training tells of itself, unless another attempt counts by now."""
    pairs = [text for name, fact in facts.items() for text in (name, json.dumps(fact))]
    connection.eval(ADD, 2, facts_key(job_id), attempt_key(job_id), attempt, KEPT_S, *pairs)


def read_facts(connection: Any, job_id: str) -> dict[str, Any]:
    """What is kept of a job: `spec_as_written`, `attempts` and `worker`, and its facts by name.

    Raises:
        ValueError: When it is not what was written.
    """
    raw = {name.decode(): value for name, value in connection.hgetall(facts_key(job_id)).items()}
    written, attempts, worker = (raw.pop(name, None) for name in (WRITTEN, ATTEMPTS, WORKER))
    return {
        "spec_as_written": None if written is None else json.loads(zlib.decompress(written)),
        "attempts": None if attempts is None else int(attempts),
        "worker": None if worker is None else worker.decode(),
        "facts": {name: json.loads(value) for name, value in raw.items()},
    }


def forget_facts(connection: Any, job_id: str) -> None:
    """The record is written: the queue needs nothing of this any more."""
    connection.delete(facts_key(job_id))
