"""What endpoints work with: the parts of this application, and what is noted of the request at hand."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from time import perf_counter
from typing import TYPE_CHECKING

from flask import Request, current_app, g

from models.settings import Settings
from service.admission import Admission, Ticket
from service.auth.authenticator import Authenticator
from service.blocking_calls import run_in_thread
from service.inference.predictor import Predictor
from service.registry.pending_versions import PendingVersions
from service.registry.poller import Poller
from service.registry.registry import Registry
from service.telemetry.logs import RequestLine, write_request_line
from service.telemetry.metrics import Metrics, Phases
from service.telemetry.tracing import Traces, open_traces

if TYPE_CHECKING:
    from service.jobs.training_queue import Jobs

__all__ = ["EXTENSION", "RequestContext", "Services", "notes", "services"]

EXTENSION = "onehot"


@dataclass
class Services:
    """The parts of one application.

    Args:
        settings: Read once where the process starts.
        registry: The loaded versions.
        poller: Keeps the registry equal to the store.
        authenticator: Asks for keys.
        admission: Lets so many requests in, for so long.
        metrics: Counts.
        open_jobs: Connects to the queue, at the first request that needs it.
        write_line: Writes the log line of a request.
    """

    settings: Settings
    registry: Registry
    poller: Poller
    authenticator: Authenticator
    admission: Admission
    metrics: Metrics
    open_jobs: Callable[[], "Jobs"]
    write_line: RequestLine = write_request_line

    @cached_property
    def jobs(self) -> "Jobs":
        """The queue. Its library is loaded beside the event loop."""
        return run_in_thread(self.open_jobs)

    @cached_property
    def pending_versions(self) -> PendingVersions:
        """What was published a moment ago."""
        return PendingVersions(self.registry)

    @cached_property
    def traces(self) -> Traces | None:
        """Where requests are told to, if anywhere; opened by the first, in the process that answers it."""
        return open_traces(os.environ)


@dataclass(slots=True)
class RequestContext:
    """What the log line of a request says, and what goes into its answer's headers.

    Args:
        request_id: The caller's, or a new one.
        parts: Of its application.
        request: The request itself, once Flask has it: each look through its proxy costs as much as a number that is
            counted.
        served: The version that was found for it.
        rows: How many instances it holds.
        key_id: Of the API key that it came with.
        ticket: Of its admission.
        started_s: When it came; all three on the clock of `time.perf_counter`.
        error: That it ended in.
        infer_from_s: When its batch was made.
        infer_to_s: When the batch was computed.
    """

    request_id: str
    parts: Services
    request: Request = field(init=False)
    served: Predictor | None = None
    rows: int | None = None
    key_id: str | None = None
    ticket: Ticket | None = None
    started_s: float = field(default_factory=perf_counter)
    error: BaseException | None = None
    infer_from_s: float = 0.0
    infer_to_s: float = 0.0

    def phases(self, ended_s: float) -> Phases:
        """Where the time of a prediction went."""
        return Phases(
            decode_s=self.infer_from_s - self.started_s,
            infer_s=self.infer_to_s - self.infer_from_s,
            encode_s=ended_s - self.infer_to_s,
        )


def services() -> Services:
    """The parts of the application that the request at hand belongs to."""
    found: Services = current_app.extensions[EXTENSION]
    return found


def notes() -> RequestContext:
    """The notes of the request at hand."""
    found: RequestContext = g.notes
    return found
