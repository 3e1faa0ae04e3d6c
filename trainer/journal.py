"""What a job tells the world while it runs: its meta, and a list of events, both in Redis.

`onehot:job:<id>:events` holds one JSON object for each epoch and one for the end.
`onehot:job:<id>:cancel` asks the job to stop while it exists.
"""

import json
import time
from typing import Any

from redis import Redis
from rq.job import Job

from trainer.watching import Progress

__all__ = ["JobWatcher", "add_event", "cancel_key", "events_key", "write_meta"]

EVENTS_TTL_S = 30 * 24 * 3600
CANCEL_POLL_S = 0.5


def events_key(job_id: str) -> str:
    """The Redis list of a job's events; an event's index is its id."""
    return f"onehot:job:{job_id}:events"


def cancel_key(job_id: str) -> str:
    """The Redis key that, while it exists, asks a job to stop."""
    return f"onehot:job:{job_id}:cancel"


def add_event(connection: Redis, job_id: str, event: dict[str, Any]) -> None:
    """Append an event to a job's list."""
    with connection.pipeline() as pipeline:
        pipeline.rpush(events_key(job_id), json.dumps(event))
        pipeline.expire(events_key(job_id), EVENTS_TTL_S)
        pipeline.execute()


def write_meta(job: Job, **values: Any) -> None:
    """Change a job's meta; what others wrote into it since stays."""
    job.meta = {**job.get_meta(), **values}
    job.save_meta()  # type: ignore[no-untyped-call]


class JobWatcher:
    """Writes the progress of a job down, and looks whether it shall stop.

    Args:
        job: The current job.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self._cancelled = False
        self._looked_s = float("-inf")

    def on_epoch(self, progress: Progress) -> None:
        """Into the meta for those who ask, into the events for those who follow."""
        write_meta(self.job, progress=progress.document)
        add_event(self.job.connection, self.job.id, {"event": "epoch", **progress.document})

    def is_cancelled(self) -> bool:
        """Whether the cancel key exists; looked up at most twice a second."""
        now_s = time.monotonic()
        if now_s - self._looked_s >= CANCEL_POLL_S:
            self._looked_s = now_s
            self._cancelled = bool(self.job.connection.exists(cancel_key(self.job.id)))
        return self._cancelled
