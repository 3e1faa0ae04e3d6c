"""`onehot serve` and `onehot worker`: this process becomes the service, or a trainer worker."""

import os
import sys
from collections.abc import Sequence

import click

from onehot.commands.options import settings_here

__all__ = ["exec_module", "serve", "worker"]


@click.command()
@click.option("--bind", metavar="HOST:PORT", help="Where to listen; default: ONEHOT_BIND, else 127.0.0.1:8501.")
@click.option("--insecure", is_flag=True, help="Listen beyond loopback although no keys are set.")
def serve(bind: str | None, insecure: bool) -> None:  # noqa: FBT001 -- click's flags
    """Run the service alone: predictions from the store, jobs to the queue."""
    if bind is not None:
        os.environ["ONEHOT_BIND"] = bind
    settings_here()
    exec_module("service", ["--insecure"] if insecure else [])


@click.command()
@click.option("--queue", "queues", multiple=True, metavar="NAME", help="A queue to work on; default: train.")
@click.option("--burst", is_flag=True, help="End when the queue is empty.")
def worker(queues: tuple[str, ...], burst: bool) -> None:  # noqa: FBT001
    """Run one trainer worker alone: jobs from the queue, versions to the store."""
    settings_here()
    named = [part for queue in queues for part in ("--queue", queue)]
    exec_module("trainer.worker", [*named, *(["--burst"] if burst else [])])


def exec_module(module: str, arguments: Sequence[str]) -> None:
    """Replace this process; -P keeps a folder `service` or `trainer` of the current directory out of it."""
    os.execv(sys.executable, [sys.executable, "-P", "-m", module, *arguments])  # noqa: S606
