"""gunicorn around the application: one parent that imports everything, workers that share its memory."""

import math
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import structlog
from flask import Flask
from gunicorn.app.base import BaseApplication

from models.settings import Settings
from service.http.context import EXTENSION, Services
from service.registry.coordination.shared_coordinator import SharedCoordinator
from service.server.gunicorn_internals import HookedArbiter
from service.server.memory_allocator import keep_freed_memory
from service.telemetry.logs import gunicorn_logs
from service.telemetry.shared_counts import SharedCounts

__all__ = ["Server", "gunicorn_settings"]

FIRST_REFRESH_S = 5.0
"""How long a worker loads versions before it accepts connections all the same; `/readyz` says what is missing."""
SILENCE_S = 60
"""A worker whose event loop does not turn for so long is replaced."""
KEEP_ALIVE_S = 5
"""How long a connection may stay without a request."""

LOOK_S = 0.01
LEAVE_TURN_S = 0.02

log = structlog.get_logger("service")


class Server(BaseApplication):  # type: ignore[misc]
    """gunicorn with its settings from ours, without its command line and its configuration file.

    The application is loaded before the workers are forked; the coordinator's folder goes when the service has ended.
    """

    def __init__(self, app: Flask, settings: Settings, *, counts: SharedCounts, coordinator: SharedCoordinator) -> None:
        self._app = app
        self._settings = settings
        self._counts = counts
        self._coordinator = coordinator
        super().__init__()

    def load_config(self) -> None:
        """Hand our settings over."""
        hooks = _process_hooks(self._counts, self._coordinator.folder)
        for name, value in (gunicorn_settings(self._settings) | hooks).items():
            self.cfg.set(name, value)

    def run(self) -> None:
        """Serve until told to end; then the process ends."""
        try:
            _Parent(self, self._coordinator, leave_s=self._settings.leave_s).run()
        except RuntimeError as error:
            sys.stderr.write(f"{error}\n")
            sys.exit(1)

    def load(self) -> Flask:
        """The WSGI application."""
        return self._app


def gunicorn_settings(settings: Settings) -> dict[str, Any]:
    """What gunicorn is told."""
    return {
        "bind": settings.bind,
        "workers": settings.workers,
        "worker_class": "service.server.worker.ServiceWorker",
        "preload_app": True,
        # Nothing that a proxy says of itself is believed, so no address need be looked up for it.
        "forwarded_allow_ips": "*",
        "secure_scheme_headers": {},
        "forwarder_headers": "",
        "keepalive": KEEP_ALIVE_S,
        "timeout": SILENCE_S,
        "graceful_timeout": math.ceil(settings.drain_s),
        "post_worker_init": _start_worker,
        "logconfig_dict": gunicorn_logs(settings.log_format, settings.log_level),
        # Its default is a file under HOME that a second instance would take over.
        "control_socket_disable": True,
    }


def _process_hooks(counts: SharedCounts, folder: Path) -> dict[str, Any]:
    """Hooks of the parent: each worker has a place to count in, which is free when it has died; the folder goes."""

    def pre_fork(_: Any, worker: Any) -> None:
        worker.place = counts.reserve()

    def child_exit(_: Any, worker: Any) -> None:
        counts.release(worker.place)

    def on_exit(_: Any) -> None:
        shutil.rmtree(folder, ignore_errors=True)

    return {"pre_fork": pre_fork, "child_exit": child_exit, "on_exit": on_exit}


class _Parent(HookedArbiter):
    """gunicorn's parent, which before it ends says for a moment that it is no longer ready, and still answers."""

    def __init__(self, server: Server, coordinator: SharedCoordinator, *, leave_s: float) -> None:
        self._coordinator = coordinator
        self._leave_s = leave_s
        super().__init__(server)

    def before_stop(self, *, graceful: bool) -> None:
        """Tell the clients of it; they have time to learn of it when there is no hurry."""
        self._coordinator.note_stopping()
        end_s = time.monotonic() + (self._leave_s if graceful else 0)
        while self.may_wait and time.monotonic() < end_s:
            time.sleep(LEAVE_TURN_S)


def _start_worker(worker: Any) -> None:
    """Load the versions in the new process: neither the store's threads nor a session of ours exist before the fork.

    While others serve, it accepts nothing before it can answer as they do. When none does, it accepts after a while
    all the same: it can at least say what is missing.
    """
    keep_freed_memory()
    services: Services = worker.app.wsgi().extensions[EXTENSION]
    registry = services.registry
    services.metrics.enter(worker.place)
    services.admission.start()
    if isinstance(registry.coordinator, SharedCoordinator):
        registry.coordinator.start_heartbeat()
    services.poller.start()
    services.captured.start()
    services.figures.start()
    services.decider.start()
    if services.webhooks is not None:
        services.webhooks.start()
    end_s = time.monotonic() + FIRST_REFRESH_S
    while not registry.is_serving and worker.alive:
        if time.monotonic() > end_s and not registry.others_serve:
            log.warning("accepting requests before everything is loaded", waiting_for=registry.snapshot.waiting_for)
            return
        worker.notify()
        time.sleep(LOOK_S)
