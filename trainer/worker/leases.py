"""The leases of running jobs, by the clock of the queue's server."""

from redis.client import Pipeline
from rq.executions import Execution
from rq.registry import StartedJobRegistry

from models.queue.server_clock import RENEW

__all__ = ["Leases"]


class Leases(StartedJobRegistry):
    """RQ's registry of running jobs, in which the queue's server says when a lease ends."""

    def add_execution(
        self, execution: Execution, pipeline: Pipeline, ttl: int = 0, xx: bool = False  # noqa: FBT001, FBT002 -- RQ's
    ) -> int:  # fmt: skip
        """Lease a job to an attempt for so many seconds from now on; with `xx` only when it has the lease still."""
        pipeline.eval(RENEW, 1, self.key, execution.composite_key, str(ttl), "XX" if xx else "")
        return 0
