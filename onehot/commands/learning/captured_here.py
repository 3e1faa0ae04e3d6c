"""Whom the commands ask for captured rows."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from onehot.commands.options import URL, settings_here

if TYPE_CHECKING:
    from onehot.learning.captured_access import ServedCaptured, StoredCaptured

__all__ = ["captured_here"]


@contextmanager
def captured_here(*, from_store: bool) -> "Iterator[ServedCaptured | StoredCaptured]":
    """The captured rows of the service that ONEHOT_URL names, or of the store itself."""
    from onehot.client import Service  # noqa: PLC0415 -- `onehot --help` loads no HTTP client
    from onehot.learning.captured_access import ServedCaptured, StoredCaptured  # noqa: PLC0415

    settings = settings_here()
    if from_store or not os.environ.get(URL):
        yield StoredCaptured.open(settings.store)
        return
    with Service.from_settings(settings) as service:
        yield ServedCaptured(service)
