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
from onehot.local.stack import Stack, StackConfig, run_stack
from onehot.output import print_line, program

__all__ = ["up"]

COLORS = {"queue server": "blue", "trainer": "magenta", "service": "green"}
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
NAME_WIDTH = max(map(len, COLORS))
EXAMPLE = "examples/digits.yaml"
"""In a clone of the repository; elsewhere there is a spec of one's own."""
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
            with run_stack(
                _stack_config(settings, insecure=insecure), on_line=_print_line, on_message=_print_message
            ) as stack:
                _print_ready(settings, stack, time.monotonic() - started_s)
                threading.Event().wait()
        except KeyboardInterrupt:
            print_line("onehot: everything is stopped", err=True)


def _stack_config(settings: Settings, *, insecure: bool) -> StackConfig:
    """Here, with logs for people: `auto` would be JSON, as no child writes to the terminal itself."""
    environment = dict(os.environ)
    if settings.log_format == "auto":
        environment["ONEHOT_LOG_FORMAT"] = "console"
    return StackConfig(
        settings=replace(settings, log_format="console"),
        environment=environment,
        server_folder=SERVER_FOLDER,
        starts_server="ONEHOT_REDIS_URL" not in environment,
        insecure=insecure,
    )


def _print_ready(settings: Settings, stack: Stack, seconds: float) -> None:
    queue = f"127.0.0.1:{stack.server_port}, data in {SERVER_FOLDER}" if stack.server_port else "ONEHOT_REDIS_URL"
    print_line(f"\nOnehot is up after {seconds:.1f} s. Ctrl-C stops everything.\n")
    print_line(f"  service  {stack.url}")
    print_line(f"  store    {settings.store}")
    print_line(f"  queue    {queue}\n")
    address = "" if settings.url == stack.url else f"ONEHOT_URL={stack.url} "
    spec, model = (EXAMPLE, Path(EXAMPLE).stem) if Path(EXAMPLE).is_file() else ("SPEC.yaml", "MODEL")
    print_line("From another terminal:\n")
    print_line(f"  {address}{program()} train {spec}")
    print_line(f"  {address}{program()} predict {model} INPUT.json\n")
    sys.stdout.flush()


def _print_line(name: str, line: str) -> None:
    text = line if sys.stdout.isatty() else ANSI.sub("", line)
    print_line(f"{click.style(f'{name:<{NAME_WIDTH}}', fg=COLORS.get(name))} | {text}")


def _print_message(message: str) -> None:
    print_line(f"onehot: {message}", err=True)
