"""Logs of the service: lines on a terminal, JSON otherwise, on stderr. Payloads and keys are never logged."""

import logging
import sys
from typing import Any

import orjson
import structlog

__all__ = ["gunicorn_logs", "set_up_logs"]


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
        return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    serializer = _dump_text if text else _dump
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(serializer=serializer)]


def _dump(event: Any, **kwargs: Any) -> bytes:
    return orjson.dumps(event, default=kwargs.get("default"))


def _dump_text(event: Any, **kwargs: Any) -> str:
    return _dump(event, **kwargs).decode()
