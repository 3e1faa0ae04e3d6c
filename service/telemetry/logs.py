"""Logs of the service: lines on a terminal, JSON otherwise, on stderr. Payloads and keys are never logged."""

import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog

from service.telemetry.answered_request import AnsweredRequest

__all__ = ["RequestLine", "gunicorn_logs", "request_line", "request_lines", "set_up_logs", "write_request_line"]

RequestLine = Callable[[dict[str, Any]], None]
"""Writes the line of one request."""

REQUEST = "request"

log = structlog.get_logger("service")


def set_up_logs(log_format: str, log_level: str) -> None:
    """Set up structlog for this process and those forked from it.

    Args:
        log_format: `console`, `json`, or `auto`: console on a terminal.
        log_level: `debug`, `info`, `warning` or `error`.
    """
    structlog.configure(
        processors=[*_shared(), *_rendering(log_format)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[log_level.upper()]),
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer)
        if not _is_console(log_format)
        else structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def request_lines(log_format: str, log_level: str) -> RequestLine:
    """What writes the lines of requests: as structlog would, in a third of the time where they are JSON."""
    if _is_console(log_format) or logging.getLevelNamesMapping()[log_level.upper()] > logging.INFO:
        return write_request_line
    file = sys.stderr.buffer

    def write(line: dict[str, Any]) -> None:
        line |= {"event": REQUEST, "level": "info", "timestamp": datetime.now(UTC)}
        file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z))
        file.flush()

    return write


def request_line(answered: AnsweredRequest, *, trace_id: str | None = None) -> dict[str, Any]:
    """What the log says of a request."""
    line: dict[str, Any] = {"request_id": answered.request_id, "method": answered.method, "path": answered.path}
    if answered.key_id is not None:
        line["key"] = answered.key_id
    if answered.model is not None:
        line |= {"model": answered.model, "version": answered.version, "rows": answered.rows}
    if trace_id is not None:
        line["trace_id"] = trace_id
    line["status"] = answered.status
    line["duration_ms"] = round((answered.ended_s - answered.started_s) * 1000, 3)
    return line


def write_request_line(line: dict[str, Any]) -> None:
    """Write the line of one request through structlog."""
    log.info(REQUEST, **line)


def gunicorn_logs(log_format: str, log_level: str) -> dict[str, Any]:
    """A `logging` configuration that writes gunicorn's own lines, and everybody else's, in the same form."""
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": _shared(),
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering(log_format, text=True)],
    }
    quiet: dict[str, Any] = {"handlers": [], "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"onehot": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "onehot"}},
        "root": {"handlers": ["stderr"], "level": log_level.upper()},
        "loggers": {
            "gunicorn.error": {"handlers": ["stderr"], "propagate": False, "level": log_level.upper()},
            "gunicorn.access": quiet,  # one line for each request is ours to write
        },
    }


def _is_console(log_format: str) -> bool:
    return log_format == "console" or (log_format == "auto" and sys.stderr.isatty())


def _shared() -> list[structlog.typing.Processor]:
    return [structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True)]


def _rendering(log_format: str, *, text: bool = False) -> list[structlog.typing.Processor]:
    if _is_console(log_format):
        # Other formatters show what local variables hold: payloads and keys.
        plain = structlog.dev.plain_traceback
        return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
    serializer = _dump_text if text else _dump
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(serializer=serializer)]


def _dump(event: Any, **kwargs: Any) -> bytes:
    return orjson.dumps(event, default=kwargs.get("default"))


def _dump_text(event: Any, **kwargs: Any) -> str:
    return _dump(event, **kwargs).decode()
