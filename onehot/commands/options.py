"""Options and arguments that several commands share."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import click

from models.settings import Settings, read_settings

if TYPE_CHECKING:
    from onehot.access.captured_access import ServedCaptured, StoredCaptured
    from onehot.access.dataset_access import ServedDatasets, StoredDatasets
    from onehot.access.places import StorePlace
    from onehot.access.run_access import ServedRuns, StoredRuns
    from onehot.access.served_versions import ServedVersions
    from onehot.access.stored_versions import StoredVersions
    from onehot.client import Service

__all__ = [
    "URL",
    "AgeType",
    "captured_here",
    "datasets_here",
    "json_option",
    "runs_here",
    "settings_here",
    "store_option",
    "versions_here",
]

InStore = TypeVar("InStore", bound="StorePlace")
AtService = TypeVar("AtService")

URL = "ONEHOT_URL"
AGE = re.compile(r"(\d{1,6})([smhdw])")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

json_option: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--json", "as_json", is_flag=True, help="Print the data as JSON on stdout."
)
store_option: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--store",
    "from_store",
    is_flag=True,
    help="Look into the store itself (ONEHOT_STORE), also where ONEHOT_URL is set.",
)


class AgeType(click.ParamType[timedelta]):
    """A length of time with its unit."""

    name = "age"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """`30d` as thirty days."""
        if isinstance(value, timedelta):
            return value
        found = AGE.fullmatch(str(value))
        if found is None:
            self.fail(f"expected a number with s, m, h, d or w, such as 30d; received {value!r}", param, ctx)
        return timedelta(**{UNITS[found[2]]: int(found[1])})


def settings_here() -> Settings:
    """The settings of this process."""
    return read_settings(os.environ)


@contextmanager
def _one_of(
    stored: type[InStore], served: "Callable[[Service], AtService]", *, from_store: bool
) -> "Iterator[InStore | AtService]":
    """What the service that ONEHOT_URL names tells, or what the store itself has."""
    from onehot.client import Service  # noqa: PLC0415 -- a command that needs no service loads no HTTP client

    settings = settings_here()
    if from_store or not os.environ.get(URL):
        yield stored.open(settings.store)
        return
    with Service.from_settings(settings) as service:
        yield served(service)


def versions_here(*, from_store: bool) -> "AbstractContextManager[ServedVersions | StoredVersions]":
    """The versions of the service that ONEHOT_URL names, or of the store itself."""
    from onehot.access.served_versions import ServedVersions  # noqa: PLC0415 -- as above
    from onehot.access.stored_versions import StoredVersions  # noqa: PLC0415

    return _one_of(StoredVersions, ServedVersions, from_store=from_store)


def datasets_here(*, from_store: bool) -> "AbstractContextManager[ServedDatasets | StoredDatasets]":
    """The uploaded data sets of the service that ONEHOT_URL names, or of the store itself."""
    from onehot.access.dataset_access import ServedDatasets, StoredDatasets  # noqa: PLC0415 -- as above

    return _one_of(StoredDatasets, ServedDatasets, from_store=from_store)


def runs_here(*, from_store: bool) -> "AbstractContextManager[ServedRuns | StoredRuns]":
    """The runs of the service that ONEHOT_URL names, or of the store itself."""
    from onehot.access.run_access import ServedRuns, StoredRuns  # noqa: PLC0415 -- as above

    return _one_of(StoredRuns, ServedRuns, from_store=from_store)


def captured_here(*, from_store: bool) -> "AbstractContextManager[ServedCaptured | StoredCaptured]":
    """The captured rows of the service that ONEHOT_URL names, or of the store itself."""
    from onehot.access.captured_access import ServedCaptured, StoredCaptured  # noqa: PLC0415 -- as above

    return _one_of(StoredCaptured, ServedCaptured, from_store=from_store)
