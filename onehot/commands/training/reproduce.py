"""`onehot reproduce`: this process becomes the trainer's reproducer."""

import click

from onehot.commands.options import json_option, settings_here
from onehot.commands.processes import exec_module

__all__ = ["reproduce"]


@click.command()
@click.argument("model")
@click.argument("version", type=click.IntRange(1))
@click.option(
    "--tolerance",
    type=click.FloatRange(0),
    help="How far a test metric may be off when the weights differ; default: 0.01.",
)
@json_option
def reproduce(model: str, version: int, tolerance: float | None, as_json: bool) -> None:  # noqa: FBT001 -- click's flags
    """Train VERSION of MODEL again from its own spec, without publishing, and compare weights and test metrics."""
    settings_here()
    more = [] if tolerance is None else ["--tolerance", str(tolerance)]
    exec_module("trainer.reproducing", [model, str(version), *more, *(["--json"] if as_json else [])])
