"""What log, metrics and traces are told of a request."""

from dataclasses import dataclass

__all__ = ["AnsweredRequest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredRequest:
    """A request that has been answered. Times are on the clock of `time.perf_counter`.

    Args:
        route: The rule that it matched (`/v1/jobs/<id>`), never its path; empty for none.
        was_admitted: Whether it took one of the places of requests in flight.
        model: That answered, as the registry spells it.
        infer_from_s: When the computation began; 0 when nothing was computed.
        error: Class of the error that it ended in.
        trace_headers: Its `traceparent` and `tracestate`.
    """

    method: str
    path: str
    route: str
    status: int
    started_s: float
    ended_s: float
    request_id: str = ""
    was_admitted: bool = False
    key_id: str | None = None
    model: str | None = None
    version: int | None = None
    rows: int | None = None
    infer_from_s: float = 0.0
    infer_to_s: float = 0.0
    error: str | None = None
    trace_headers: tuple[tuple[str, str], ...] = ()
