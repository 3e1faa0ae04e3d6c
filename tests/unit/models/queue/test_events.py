from enum import Enum
from typing import Any

import pytest

from models.queue.events import add_end, write_error
from models.queue.names import ENDED


class Status(str, Enum):  # noqa: UP042 -- as RQ's
    """Some of RQ's states."""

    QUEUED = "queued"
    FAILED = "failed"
    CANCELED = "canceled"


class Job:
    """A job and its connection in one."""

    id = "1"

    def __init__(self, status: Status) -> None:
        self.status = status
        self.connection = self
        self.meta: dict[str, Any] = {}
        self.saved: dict[str, Any] = {"model": "digits"}
        self.events: list[str] = []

    def get_status(self) -> Status:
        """The state."""
        return self.status

    def get_meta(self) -> dict[str, Any]:
        """What others wrote."""
        return self.saved

    def save_meta(self) -> None:
        """Keep it."""
        self.saved = self.meta

    def eval(self, *arguments: Any) -> None:
        """The connection's part: script, number of keys, key, event, seconds."""
        self.events.append(arguments[3])


@pytest.mark.parametrize("status", Status)
def test_the_end_is_reported_of_jobs_that_have_ended(status: Status) -> None:
    """A job that is tried again has not."""
    job = Job(status)
    add_end(job)
    assert job.events == ([f'{{"event": "end", "status": "{status.value}"}}'] if status.value in ENDED else [])


def test_an_error_is_written_beside_what_others_wrote() -> None:
    """As its type and its message."""
    job = Job(Status.FAILED)
    write_error(job, ValueError("no"))
    assert job.saved == {"model": "digits", "error": {"type": "ValueError", "message": "no"}}
