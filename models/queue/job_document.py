"""A job as a plain document: what the service answers with, and what its record in the store is made of.

A job is given as RQ's `Job`, which this package does not import.
"""

from datetime import UTC, datetime
from typing import Any

__all__ = ["job_document", "job_status", "unrecorded_member"]


def job_status(job: Any) -> str:
    """The status that a job was read with, in RQ's words."""
    return str(job.get_status(refresh=False).value)


def unrecorded_member(job: Any) -> str:
    """How a job stands in the set of those that have no record in the store yet: `model/job id`."""
    return f"{job.meta.get('model', '')}/{job.id}"


def job_document(job: Any) -> dict[str, Any]:
    """What the queue knows of a job: status, times, progress, error, result."""
    status = job_status(job)
    return {
        "id": job.id,
        "status": status,
        "model": job.meta.get("model"),
        "queue": job.origin,
        "created_at": _time(job.created_at),
        "enqueued_at": _time(job.enqueued_at),
        "started_at": _time(job.started_at),
        "ended_at": _time(job.ended_at),
        "progress": job.meta.get("progress"),
        "error": _error(job) if status in ("failed", "stopped") else None,
        "result": job.return_value() if status == "finished" else None,
    }


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="milliseconds")


def _error(job: Any) -> dict[str, str] | None:
    """Why a job failed, in one line: the trainer's own error, else the last line of RQ's traceback."""
    recorded = job.meta.get("error")
    if isinstance(recorded, dict):
        return {"type": str(recorded.get("type", "Error")), "message": str(recorded.get("message", ""))}
    result = job.latest_result()
    if result is None or result.type.name != "FAILED" or not result.exc_string:
        return None
    kind, _, message = result.exc_string.strip().splitlines()[-1].partition(": ")
    return {"type": kind.rpartition(".")[2], "message": message} if message else {"type": "Error", "message": kind}
