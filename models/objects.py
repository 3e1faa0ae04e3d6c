"""The few things that are done with an object store, with our own errors."""

from collections.abc import Iterator
from contextlib import contextmanager

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError
from obstore.store import ObjectStore

from models.errors import StoreFull, StoreUnavailable

__all__ = ["answering", "children", "create", "get", "reason_of"]

FULL = ("No space left on device", "Disk quota exceeded")
"""What a folder says when it is full; obstore passes the words on, and no number."""


def children(objects: ObjectStore, prefix: str) -> list[str]:
    """Names of the folders in a folder; the empty prefix is the root."""
    with answering():
        listing = obstore.list_with_delimiter(objects, prefix or None)
    return [path.rstrip("/").rsplit("/", 1)[-1] for path in listing["common_prefixes"]]


def get(objects: ObjectStore, path: str) -> bytes | None:
    """The content of an object, or None when there is none.

    Raises:
        StoreUnavailable: When the store does not answer.
    """
    try:
        with answering():
            return bytes(obstore.get(objects, path).bytes())
    except FileNotFoundError:
        return None


def create(objects: ObjectStore, path: str, content: bytes) -> bool:
    """Write an object only if it is absent; whether it was.

    Raises:
        StoreUnavailable: When the store does not answer.
    """
    try:
        with answering():
            obstore.put(objects, path, content, mode="create")
    except FileExistsError:
        return False
    return True


@contextmanager
def answering() -> Iterator[None]:
    """Turn what obstore raises into FileNotFoundError, FileExistsError and StoreUnavailable."""
    try:
        yield
    except (NotFoundError, FileNotFoundError) as error:
        raise FileNotFoundError(str(error)) from error
    except (AlreadyExistsError, FileExistsError) as error:
        raise FileExistsError(str(error)) from error
    except (BaseError, OSError) as error:
        reason = reason_of(error)
        full = any(words in str(error) for words in FULL)
        raise StoreFull(reason) if full else StoreUnavailable(reason) from error


def reason_of(error: Exception) -> str:
    """The first line of what an error says."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
