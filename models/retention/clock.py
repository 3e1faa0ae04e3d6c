"""The store's own clock, by which the ages of files are told: a machine's may be days ahead."""

from contextlib import suppress
from datetime import datetime

import obstore

from models.errors import StoreUnavailable
from models.store.object_store import answering
from models.store.store import Store

__all__ = ["store_time"]

PROBE = ".clock"
ATTEMPTS = 5


def store_time(store: Store) -> datetime:
    """What time it is where the store is: when a file that is written now was written.

    Raises:
        StoreUnavailable: When the store does not answer, or takes no file.
    """
    store.require_folder()
    for _ in range(ATTEMPTS):
        with suppress(FileNotFoundError), answering():  # another process asked at the same time
            obstore.put(store.objects, PROBE, b"")
            now = obstore.head(store.objects, PROBE)["last_modified"]
            obstore.delete(store.objects, PROBE)
            return now
    raise StoreUnavailable(f"{PROBE} vanished {ATTEMPTS} times")
