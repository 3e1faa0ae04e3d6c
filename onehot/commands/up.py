"""`onehot up`: everything on this machine, in the foreground."""

import os
import re
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import click

from models.settings import Settings
from onehot.commands.options import settings_here
from onehot.local.interrupts import ends_as_interrupts
from onehot.local.stack import Place, Stack, run_stack
from onehot.output import say

__all__ = ["up"]

COLORS = {"queue server": "blue", "trainer": "magenta", "service": "green"}
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
NAME_WIDTH = max(map(len, COLORS))
SERVER_FOLDER = Path("var/valkey")


@click.command()
@click.option(
    "--bind", metavar="HOST:PORT", help="Where the service listens; default: ONEHOT_BIND, else 127.0.0.1:8501."
)
@click.option("--insecure", is_flag=True, help="Listen beyond loopback although no keys are set.")
def up(bind: str | None, insecure: bool) -> None:  # noqa: FBT001 -- click's flags
    """Run everything on this machine: its own queue server, one trainer worker and the service.

    With ONEHOT_REDIS_URL set, that server is used and none is started. Ctrl-C stops everything in order; a queued job
    is kept in var/valkey and goes on with the next `onehot up`.
    """
    if bind is not None:
        os.environ["ONEHOT_BIND"] = bind
    settings = settings_here()
    started_s = time.monotonic()
    with ends_as_interrupts():
        try:
            with run_stack(_place(settings, insecure=insecure), on_line=_say_line, on_note=_say_note) as stack:
                _say_ready(settings, stack, time.monotonic() - started_s)
                threading.Event().wait()
        except KeyboardInterrupt:
            say("onehot: everything is stopped", err=True)


def _place(settings: Settings, *, insecure: bool) -> Place:
    """Here, with logs for people: `auto` would be JSON, as no child writes to the terminal itself."""
    environment = dict(os.environ)
    if settings.log_format == "auto":
        environment["ONEHOT_LOG_FORMAT"] = "console"
    return Place(
        settings=replace(settings, log_format="console"),
        environment=environment,
        server_folder=SERVER_FOLDER,
        starts_server="ONEHOT_REDIS_URL" not in environment,
        insecure=insecure,
    )


def _say_ready(settings: Settings, stack: Stack, seconds: float) -> None:
    queue = f"127.0.0.1:{stack.server_port}, data in {SERVER_FOLDER}" if stack.server_port else "ONEHOT_REDIS_URL"
    say(f"\nOnehot is up after {seconds:.1f} s. Ctrl-C stops everything.\n")
    say(f"  service  {stack.url}")
    say(f"  store    {settings.store}")
    say(f"  queue    {queue}\n")
    address = "" if settings.url == stack.url else f"ONEHOT_URL={stack.url} "
    say("From another terminal:\n")
    say(f"  {address}onehot train examples/digits.yaml")
    say(f"  {address}onehot predict digits INPUT.json\n")
    sys.stdout.flush()


def _say_line(name: str, line: str) -> None:
    text = line if sys.stdout.isatty() else ANSI.sub("", line)
    say(f"{click.style(f'{name:<{NAME_WIDTH}}', fg=COLORS.get(name))} | {text}")


def _say_note(note: str) -> None:
    say(f"onehot: {note}", err=True)
