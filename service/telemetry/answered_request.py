"""What log, metrics and traces are told of a request."""

from typing import NamedTuple

__all__ = ["AnsweredRequest"]


class AnsweredRequest(NamedTuple):
    """A request that has been answered. Times are on the clock of `time.perf_counter`.

    A named tuple: one is made for each request, and a frozen dataclass of so many fields takes 3 µs more.

    Args:
        route: The rule that it matched (`/v1/jobs/<id>`), never its path; empty for none.
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
    key_id: str | None = None
    model: str | None = None
    version: int | None = None
    rows: int | None = None
    infer_from_s: float = 0.0
    infer_to_s: float = 0.0
    error: str | None = None
    trace_headers: tuple[tuple[str, str], ...] = ()
