"""The composition root: settings and arguments in, a running service out."""

import argparse
import gc
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import structlog

from models.api_keys import ApiKeysError
from models.settings import Settings, SettingsError, is_loopback, read_settings
from service.app import create_app
from service.auth.authenticator import Authenticator
from service.http.context import EXTENSION, Services
from service.registry.coordination.shared_coordinator import SharedCoordinator
from service.server.master import Server
from service.telemetry.logs import request_lines, set_up_logs
from service.telemetry.metrics import Metrics
from service.telemetry.shared_counts import SharedCounts

__all__ = ["describe_access", "is_loopback", "refusal", "start"]

USAGE = 2
PLACES = 8
"""Processes that may count at once, for each that serves: those that end still do, and SIGTTIN starts more."""

log = structlog.get_logger("service")


def start(arguments: Sequence[str]) -> int:
    """Run the service; returns an exit status when it does not start, else gunicorn ends the process."""
    options = _parser().parse_args(arguments)
    try:
        settings = read_settings(os.environ)
    except SettingsError as error:
        return _refuse(str(error))
    reason = refusal(settings, insecure=options.insecure)
    if reason is not None:
        return _refuse(reason)
    try:
        authenticator = Authenticator.from_settings(settings)
    except ApiKeysError as error:
        return _refuse(f"ONEHOT_API_KEYS_FILE: {error}")
    if (reason := _webhooks_refusal(settings)) is not None:
        return _refuse(reason)
    set_up_logs(settings.log_format, settings.log_level)
    counts = SharedCounts(places=PLACES * settings.workers)
    coordinator = SharedCoordinator(Path(tempfile.mkdtemp(prefix="onehot-coordinator-")))
    app = create_app(settings, authenticator=authenticator, metrics=Metrics(counts), coordinator=coordinator)
    services: Services = app.extensions[EXTENSION]
    services.write_line = request_lines(settings.log_format, settings.log_level)
    log.info("starting", bind=settings.bind, store=settings.store, access=describe_access(settings))
    gc.freeze()  # what the workers share stays shared: they need not look through it
    gc.enable()
    Server(app, settings, counts=counts, coordinator=coordinator).run()
    return 0


def _webhooks_refusal(settings: Settings) -> str | None:
    """What is wrong with the file of webhooks; None when nothing is, or there is none."""
    if settings.webhooks_file:
        from service.webhooks.subscriptions import WebhooksError, read_subscriptions  # noqa: PLC0415 -- few have one

        try:
            read_subscriptions(Path(settings.webhooks_file))
        except WebhooksError as error:
            return f"ONEHOT_WEBHOOKS_FILE: {error}"
    return None


def describe_access(settings: Settings) -> str:
    """The callers that are let in, for the log."""
    if settings.api_keys_file:
        return f"those with a key of {settings.api_keys_file}"
    return "no keys: everyone who can reach the address"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m service", description="Serve predictions over HTTP.")
    parser.add_argument("--insecure", action="store_true", help="listen beyond loopback although no keys are set")
    return parser


def _refuse(reason: str) -> int:
    sys.stderr.write(f"{reason}\n")
    return USAGE


def refusal(settings: Settings, *, insecure: bool) -> str | None:
    """Why the service must not start with these settings; None when it may."""
    if insecure or settings.api_keys_file or is_loopback(settings.host):
        return None
    return (
        f"ONEHOT_BIND: expected a loopback address, as no API keys are set; received {settings.bind}: "
        "set ONEHOT_API_KEYS_FILE, or give --insecure to let everyone in who can reach that address"
    )
