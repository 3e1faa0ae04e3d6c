"""What endpoints work with: the services of the application, and the context of the current request."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from time import perf_counter
from typing import TYPE_CHECKING

from flask import current_app, g

from models.settings import Settings
from service.admission import Admission, Ticket
from service.auth.authenticator import Authenticator
from service.auth.own_site import OwnSite
from service.blocking_calls import run_in_thread
from service.capture.captured_traffic import CapturedTraffic
from service.capture.quality_lookup import QualityLookup
from service.http.cross_origin import CrossOrigin
from service.http.uploads import UploadSpace, remove_leftovers
from service.inference.predictor import Predictor
from service.monitoring.monitor import Monitor
from service.registry.pending_versions import PendingVersions
from service.registry.poller import Poller
from service.registry.readiness import Readiness
from service.registry.registry import Registry
from service.rollouts.decider import Decider
from service.rollouts.rollouts import Rollouts
from service.runs.run_index import RunIndex
from service.telemetry.answered_request import AnsweredRequest
from service.telemetry.logs import RequestLine, write_request_line
from service.telemetry.metrics import Metrics
from service.telemetry.tracing import open_traces
from service.traffic.shared_figures import SharedFigures
from service.traffic.traffic import Traffic

if TYPE_CHECKING:
    from service.jobs.training_queue import Jobs
    from service.telemetry.otlp_spans import Spans
    from service.webhooks.webhooks import Webhooks

__all__ = ["EXTENSION", "RequestContext", "Services", "caller", "request_context", "services"]

EXTENSION = "onehot"
LARGEST_UPLOADS = 4
"""That all processes together may have on the local disk; one in each there may always be, and its copy of a form."""


@dataclass
class Services:
    """What one application is made of; `open_jobs` connects to the queue, at the first request that needs it."""

    settings: Settings
    registry: Registry
    readiness: Readiness
    poller: Poller
    authenticator: Authenticator
    admission: Admission
    metrics: Metrics
    open_jobs: Callable[[], "Jobs"]
    rollouts: Rollouts
    decider: Decider
    monitor: Monitor
    captured: CapturedTraffic
    write_line: RequestLine = write_request_line
    traffic: Traffic = field(default_factory=Traffic)
    figures: SharedFigures = field(default_factory=SharedFigures)
    webhooks: "Webhooks | None" = None

    @cached_property
    def jobs(self) -> "Jobs":
        """The queue. Its library is loaded beside the event loop."""
        return run_in_thread(self.open_jobs)

    @cached_property
    def runs(self) -> RunIndex:
        """The records of trainings, listed by the first request that asks for them."""
        registry = self.registry
        return RunIndex(lambda: registry.store, full_every_s=self.settings.full_poll_s)

    @cached_property
    def quality(self) -> QualityLookup:
        """How good predictions were; the segments are read by the first request that asks for it."""
        registry = self.registry
        return QualityLookup(lambda: registry.store)

    @cached_property
    def pending_versions(self) -> PendingVersions:
        """Versions that were published a moment ago."""
        return PendingVersions(self.registry)

    @cached_property
    def cross_origin(self) -> CrossOrigin:
        """What pages of other origins are told."""
        return CrossOrigin(self.settings.cors_origins)

    @cached_property
    def own_site(self) -> OwnSite:
        """The hosts and origins that this service's own pages have."""
        return OwnSite.from_settings(self.settings)

    @cached_property
    def upload_space(self) -> UploadSpace:
        """What uploads may take of the local disk."""
        settings = self.settings
        remove_leftovers()
        return UploadSpace(max(LARGEST_UPLOADS // settings.workers, 2) * settings.max_body_bytes)

    @cached_property
    def traces(self) -> "Spans | None":
        """The sender of traces, if there is one; opened by the first request, in the process that answers it."""
        return open_traces(os.environ)


def no_header(_: str) -> None:
    """Of a request without headers."""


@dataclass(slots=True)
class RequestContext:
    """What becomes known of a request while it is answered.

    Args:
        request_id: The caller's, or a new one.
        rows: How many instances it holds.
        started_s: When it came; all three on the clock of `time.perf_counter`.
        infer_from_s: When its batch was made.
        infer_to_s: When the batch was computed.
        ignored_columns: Of a table, those that the model does not know.
        header: A header of the request by its name in lower case.
        is_default: Whether it is a prediction that names neither version nor label.
    """

    request_id: str
    predictor: Predictor | None = None
    rows: int | None = None
    key_id: str | None = None
    ticket: Ticket | None = None
    started_s: float = field(default_factory=perf_counter)
    error: BaseException | None = None
    infer_from_s: float = 0.0
    infer_to_s: float = 0.0
    ignored_columns: Sequence[str] = ()
    header: Callable[[str], str | None] = no_header
    is_default: bool = False

    def ignore(self, columns: Sequence[str]) -> None:
        """Keep the names of columns that were passed over, for a header of the answer."""
        self.ignored_columns = columns

    def answered(
        self, *, method: str, path: str, route: str, status: int, trace_headers: tuple[tuple[str, str], ...] = ()
    ) -> AnsweredRequest:
        """The record of the request, which ends now."""
        predictor, error = self.predictor, self.error
        model, version = (None, None) if predictor is None else (predictor.model, predictor.version)
        return AnsweredRequest(  # by position: by name it takes as long again
            method, path, route, status, self.started_s, perf_counter(), self.request_id, self.key_id, model, version,
            self.rows, self.infer_from_s, self.infer_to_s, None if error is None else type(error).__name__,
            trace_headers,
        )  # fmt: skip


def services() -> Services:
    """The services of the application that the current request belongs to."""
    found: Services = current_app.extensions[EXTENSION]
    return found


def request_context() -> RequestContext:
    """The context of the current request."""
    found: RequestContext = g.request_context
    return found


def caller() -> str:
    """Who sent the current request, in words, for a record of what it changes."""
    key_id = request_context().key_id
    return f"key {key_id}" if key_id is not None else "a caller without a key"
