"""Whether requests are traced; OpenTelemetry itself is imported only where they are.

The switch is OpenTelemetry's own: `OTEL_EXPORTER_OTLP_ENDPOINT`, with the other variables of its specification.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from service.telemetry.otlp_spans import Spans

__all__ = ["is_asked_for", "open_traces"]

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")

log = structlog.get_logger("service")


def is_asked_for(environment: Mapping[str, str]) -> bool:
    """Whether the environment names a place for traces and does not switch them off."""
    is_off = environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    exporter = environment.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    return not is_off and exporter != "none" and any(environment.get(name, "").strip() for name in ENDPOINTS)


def open_traces(environment: Mapping[str, str]) -> "Spans | None":
    """Begin to trace, in the process that answers: what sends the spans would not survive a fork.

    Returns:
        None where traces are not asked for, or cannot be made; that is logged, and is no reason not to predict.
    """
    if not is_asked_for(environment):
        return None
    try:
        from service.telemetry.otlp_spans import open_spans  # noqa: PLC0415 -- some megabytes for those alone who want traces
    except ImportError as error:
        log.warning("no traces", reason=f"{error}: install onehot[opentelemetry], or unset {ENDPOINTS[1]}")
        return None
    return open_spans()
