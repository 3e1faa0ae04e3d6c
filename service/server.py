"""gunicorn around the application: one parent that imports everything, workers that share its memory."""

import math
import shutil
from pathlib import Path
from typing import Any

import structlog
from flask import Flask
from gunicorn.app.base import BaseApplication

from models.settings import Settings
from service.context import EXTENSION, Services
from service.logs import gunicorn_logs
from service.metrics import forget_process

__all__ = ["Server", "gunicorn_settings"]

FIRST_REFRESH_S = 20.0
"""How long a worker loads versions before it accepts connections all the same; `/readyz` says what is missing."""
SILENCE_S = 60
"""A worker whose event loop does not turn for so long is replaced."""
KEEP_ALIVE_S = 5
"""How long a connection may stay without a request, also while a worker waits to stop, and a refused body may go on."""

log = structlog.get_logger("service")


class Server(BaseApplication):  # type: ignore[misc]
    """gunicorn with its settings from ours, without its command line and its configuration file.

    Args:
        app: The application, loaded before the workers are forked.
        settings: Of this process.
        metrics_folder: Where the processes count; it goes when they have ended.
    """

    def __init__(self, app: Flask, settings: Settings, *, metrics_folder: Path | None = None) -> None:
        self._app = app
        self._settings = settings
        self._metrics_folder = metrics_folder
        super().__init__()

    def load_config(self) -> None:
        """Hand our settings over."""
        for name, value in gunicorn_settings(self._settings).items():
            self.cfg.set(name, value)
        if self._metrics_folder is not None:
            for name, value in _metrics_settings(self._metrics_folder).items():
                self.cfg.set(name, value)

    def load(self) -> Flask:
        """The WSGI application."""
        return self._app


def gunicorn_settings(settings: Settings) -> dict[str, Any]:
    """What gunicorn is told."""
    return {
        "bind": settings.bind,
        "workers": settings.workers,
        "worker_class": "gevent",
        "preload_app": True,
        "keepalive": KEEP_ALIVE_S,
        "timeout": SILENCE_S,
        "graceful_timeout": math.ceil(settings.drain_s),
        "post_worker_init": _start_worker,
        "logconfig_dict": gunicorn_logs(settings.log_format, settings.log_level),
        # Its default is a file under HOME that a second instance would take over.
        "control_socket_disable": True,
    }


def _metrics_settings(folder: Path) -> dict[str, Any]:
    """Hooks of the parent: a worker that died is no longer loaded nor busy, and the counts end with the service."""

    def child_exit(_: Any, worker: Any) -> None:
        forget_process(worker.pid, folder)

    def on_exit(_: Any) -> None:
        shutil.rmtree(folder, ignore_errors=True)

    return {"child_exit": child_exit, "on_exit": on_exit}


def _start_worker(worker: Any) -> None:
    """Load the versions in the new process: neither the store's threads nor a session of ours exist before the fork."""
    services: Services = worker.app.wsgi().extensions[EXTENSION]
    services.admission.start()
    services.poller.start()
    if not services.poller.wait_first(FIRST_REFRESH_S):
        log.warning(
            "accepting requests before everything is loaded", waiting_for=services.registry.snapshot.waiting_for
        )
