"""What webhooks are told of a job that has ended."""

from collections.abc import Mapping
from typing import Any

from models.queue.webhook_messages import GATE_FAILED, JOB_ENDED, add_message

__all__ = ["add_job_messages"]

TOLD = ("id", "model", "status", "version", "created_at", "started_at", "ended_at", "error")


def add_job_messages(connection: Any, record: Mapping[str, Any]) -> None:
    """Add the messages of a job's end, and of a gate that did not hold; added again, they are no others.

    Args:
        connection: To the queue's server.
        record: Of the run, as `models.runs.record.make_record` makes it.
    """
    job_id, gate = record["id"], record.get("gate")
    data = {name: record.get(name) for name in TOLD}
    add_message(connection, JOB_ENDED, data, message_id=f"job-{job_id}-{record.get('status')}")
    if isinstance(gate, Mapping) and not gate.get("holds", True):
        failed = {"model": record.get("model"), "version": record.get("version"), "job": job_id, "gate": dict(gate)}
        add_message(connection, GATE_FAILED, failed, message_id=f"gate-{job_id}")
