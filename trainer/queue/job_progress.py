"""The progress that a job reports while it runs: in its meta, and as events, both in Redis.

Each epoch is reported exactly once, also when it is trained again after a crash: see `models.queue.events`.
"""

import json
import threading
import time
from collections import deque
from collections.abc import Mapping
from typing import Any

from redis import Redis
from redis.exceptions import ResponseError
from rq.job import Job

from models.queue.events import APPEND, epochs_told, events_key
from models.queue.names import CHECKPOINTS, KEPT_S, MOST_EVENTS, attempt_key, publishing_key
from models.queue.refusals import refusal_of
from models.queue.run_facts import add_facts
from trainer.fit.progress import (
    Progress,
    Superseded,
    TrainingCanceled,
    TrainingObserver,
    TrainingPaused,
    event_name,
)
from trainer.queue.attempts import stop_requests
from trainer.queue.full_queue import not_waiting
from trainer.queue.shutdown_flag import is_shutting_down

__all__ = ["RedisProgress"]

LOOK_S = 0.5
SUPERSEDED = -1
REPORT = f"""
local current = redis.call('GET', KEYS[2])
if current and current ~= ARGV[3] then return {SUPERSEDED} end
redis.call('HSET', KEYS[3], 'meta', ARGV[4])
{APPEND}
"""
"""Asks for the attempt and writes in one step: a worker that was cut off may say this long after it was superseded."""


def _reported_epochs(connection: Redis, job_id: str) -> int:
    """The last epoch that was reported, counted over all trainings of the job; 0 when none was."""
    last: Any = connection.lindex(events_key(job_id), -1)
    return epochs_told(json.loads(last)) if last else 0


class RedisProgress(TrainingObserver):
    """Writes the progress of an attempt of a job into Redis, and looks there whether it shall stop.

    While the queue's server is away it waits for it, and the training with it: it could not learn that it is
    superseded. While the server is full it answers, so the training goes on, and epochs wait here to be reported.
    """

    def __init__(self, job: Job, attempt: str) -> None:
        self.job = job
        self.attempt = attempt
        self._looked_s = float("-inf")
        self._reported = _reported_epochs(job.connection, job.id)
        self._meta = {name: value for name, value in job.get_meta().items() if name != "error"}
        self._waiting: deque[dict[str, Any]] = deque(maxlen=MOST_EVENTS)
        self._reporting = threading.Lock()  # another thread may look while this one reports
        self._has_new_checkpoints = False
        self._facts: dict[str, Any] = {}

    def on_epoch(self, progress: Progress) -> None:
        """Write an epoch into the meta for those who ask, into the events for those who follow.

        Raises:
            Superseded: When another attempt counts; nothing is written then.
        """
        if progress.number <= self._reported:
            return
        self._reported = progress.number
        with self._reporting:
            self._waiting.append(progress.document)
        self._report_as_far_as_it_goes()

    def on_checkpoint(self) -> None:
        """Note where checkpoints will be: the worker that finds the job ended removes them."""
        self._has_new_checkpoints = True
        self._report_as_far_as_it_goes()

    def on_facts(self, facts: Mapping[str, Any]) -> None:
        """Keep for the record of the run what the training tells of itself."""
        with self._reporting:
            self._facts.update(facts)
        self._report_as_far_as_it_goes()

    def report(self) -> None:
        """Report all that could not be reported before, waiting until the queue has room for it.

        Raises:
            Superseded: When another attempt counts.
        """
        with self._reporting:
            if self._has_new_checkpoints:
                self.job.connection.sadd(CHECKPOINTS, f"{self._meta.get('model', '')}/{self.job.id}")
                self._has_new_checkpoints = False
            if self._facts:
                add_facts(self.job.connection, self.job.id, self.attempt, self._facts)
                self._facts = {}
            while self._waiting:
                self._report_epoch(self._waiting[0])
                self._waiting.popleft()

    def _report_as_far_as_it_goes(self) -> None:
        try:
            with not_waiting():
                self.report()
        except ResponseError as error:
            if refusal_of(error) is None:
                raise

    def _report_epoch(self, document: dict[str, Any]) -> None:
        self._meta["progress"] = document
        keys = events_key(self.job.id), attempt_key(self.job.id), self.job.key
        event, meta = json.dumps({"event": event_name(document), **document}), self.job.serializer.dumps(self._meta)
        outcome = self.job.connection.eval(REPORT, len(keys), *keys, event, KEPT_S, self.attempt, meta)
        if outcome == SUPERSEDED:
            raise Superseded

    def check(self) -> None:
        """Look at the queue's server at most twice a second, and at this process's flag; raise what it finds."""
        now_s = time.monotonic()
        if now_s - self._looked_s >= LOOK_S:
            self._look()
            self._report_as_far_as_it_goes()
            self._looked_s = now_s
        if is_shutting_down():
            raise TrainingPaused

    def check_before_publishing(self) -> None:
        """Look now, and note that it is too late to cancel; raise what it finds."""
        self.job.connection.set(publishing_key(self.job.id), self.attempt, ex=KEPT_S)
        try:
            self._look()
        except TrainingCanceled:
            self.job.connection.delete(publishing_key(self.job.id))
            raise

    def _look(self) -> None:
        superseded, canceled = stop_requests(self.job.connection, self.job.id, self.attempt)
        if superseded:
            raise Superseded
        if canceled:
            raise TrainingCanceled
