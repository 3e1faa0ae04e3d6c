"""Logs of the trainer's processes: lines on a terminal, JSON otherwise; on stderr, without payloads."""

import logging
import sys

import structlog

__all__ = ["set_up_logs"]

QUIET = ("absl", "tensorflow", "tf2onnx", "h5py")


def set_up_logs(log_format: str, log_level: str) -> None:
    """Route everything that is logged in this process.

    Args:
        log_format: `console`, `json`, or `auto`: console on a terminal.
        log_level: `debug`, `info`, `warning` or `error`.
    """
    console = log_format == "console" or (log_format == "auto" and sys.stderr.isatty())
    renderer = structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer()
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(log_level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.ERROR)
