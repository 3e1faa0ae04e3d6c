"""Objects of object stores, fetched to a local file for as long as they are read."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import from_url

from models.errors import DataError, reason_of
from models.sources.known_sources import ending_of

__all__ = ["fetched"]

CHUNK_BYTES = 2**20
PATIENCE = timedelta(seconds=30)


@contextmanager
def fetched(url: str) -> Iterator[Path]:
    """A local copy of an object, gathered chunk by chunk.

    Args:
        url: `s3://bucket/path`, `gs://…` or `az://…`; credentials come from the environment, as those of the store.

    Raises:
        DataError: When it cannot be read.
    """
    scheme, _, rest = url.partition("://")
    bucket, _, path = rest.partition("/")
    with tempfile.NamedTemporaryFile(prefix="onehot-", suffix=ending_of(path)) as file:
        try:
            store = from_url(f"{scheme}://{bucket}", retry_config={"max_retries": 3, "retry_timeout": PATIENCE})
            for chunk in obstore.get(store, path).stream(CHUNK_BYTES):
                file.write(chunk)
        except (BaseError, OSError, ValueError) as error:
            expected = "an object that can be read with this worker's credentials"
            raise DataError(where=url, expected=expected, received=reason_of(error)) from error
        file.flush()
        yield Path(file.name)
