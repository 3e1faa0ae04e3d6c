"""Options and arguments that several commands share."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from models.settings import Settings, read_settings

if TYPE_CHECKING:
    from onehot.versions import ServedVersions, StoredVersions

__all__ = ["json_option", "settings_here", "store_option", "versions_here"]

URL = "ONEHOT_URL"

json_option: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--json", "as_json", is_flag=True, help="Print the data as JSON on stdout."
)
store_option: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--store",
    "from_store",
    is_flag=True,
    help="Look into the store itself (ONEHOT_STORE), also where ONEHOT_URL is set.",
)


def settings_here() -> Settings:
    """The settings of this process."""
    return read_settings(os.environ)


@contextmanager
def versions_here(*, from_store: bool) -> "Iterator[ServedVersions | StoredVersions]":
    """The versions of the service that ONEHOT_URL names, or of the store itself."""
    from onehot.client import Service  # noqa: PLC0415 -- a command that needs no service loads no HTTP client
    from onehot.versions import ServedVersions, StoredVersions  # noqa: PLC0415

    settings = settings_here()
    if from_store or not os.environ.get(URL):
        yield StoredVersions.open(settings.store)
        return
    with Service.from_settings(settings) as service:
        yield ServedVersions(service)
