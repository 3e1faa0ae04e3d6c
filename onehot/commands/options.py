"""Options and arguments that several commands share."""

import os
from collections.abc import Callable
from typing import Any

import click

from models.settings import Settings, read_settings

__all__ = ["json_option", "settings_here"]

json_option: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--json", "as_json", is_flag=True, help="Print the data as JSON on stdout."
)


def settings_here() -> Settings:
    """The settings of this process."""
    return read_settings(os.environ)
