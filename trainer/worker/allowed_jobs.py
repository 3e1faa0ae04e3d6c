"""Jobs that can name nothing but what is on the list: the queue's server is not trusted with code."""

from typing import Any

from rq.job import Job

from models.errors import OnehotError
from trainer.jobs import LISTED
from trainer.worker.leases import Leases
from trainer.worker.rq_internals import callback_name

__all__ = ["ForbiddenFunction", "ListedJob"]


class ForbiddenFunction(OnehotError):
    """A job names a function that is not on the list."""

    def __init__(self, name: str | None) -> None:
        self.name = name
        super().__init__(f"a job may name {', '.join(sorted(LISTED))} only; received {name!r}")


def _no_callback(kind: str) -> Any:
    """A property that is None, and refuses the callback that a job names: Onehot's jobs have none."""

    def refused(job: Job) -> None:
        if name := callback_name(job, kind):
            raise ForbiddenFunction(name)

    return property(refused)


class ListedJob(Job):
    """A job whose function and callbacks are looked up on the list before they are imported."""

    @property
    def func(self) -> Any:
        """The function, when it is listed.

        Raises:
            ForbiddenFunction: When it is not, or is a method.
        """
        if self.instance is not None or self.func_name not in LISTED:
            raise ForbiddenFunction(self.func_name)
        return super().func

    @property
    def started_job_registry(self) -> Leases:
        """The leases of its queue."""
        return Leases(self.origin, connection=self.connection, job_class=type(self), serializer=self.serializer)

    success_callback = _no_callback("success")
    failure_callback = _no_callback("failure")
    stopped_callback = _no_callback("stopped")

    def send_webhooks(self, status: Any, *, exc_string: str | None = None) -> None:
        """Send nothing: an address from the queue could be any."""
