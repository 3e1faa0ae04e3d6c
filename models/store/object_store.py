"""Reads, writes and listings of an object store, with errors of our own: `StoreUnavailable` when it does not answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError, NotModifiedError, PreconditionError
from obstore.store import ObjectStore, from_url

from models.errors import StoreFull, StoreUnavailable, reason_of

if TYPE_CHECKING:
    from obstore import GetResult

__all__ = [
    "GONE", "OtherSize", "answering", "children", "create", "get", "open_url", "pieces", "read_at_most",
    "require_folder",
]  # fmt: skip

PIECE_BYTES = 4 * 2**20

FULL = ("No space left on device", "Disk quota exceeded")
"""What a folder says when it is full; obstore passes the words on, and no number."""

GONE = "its folder is gone"
RETRIES = 4
PATIENCE = timedelta(seconds=20)
"""How long a call to an object store that does not answer is tried again; obstore's own three minutes are too long for
a client that waits."""


def open_url(url: str) -> ObjectStore:
    """An object store by URL; credentials come from the environment variables that its cloud's own tools read.

    Raises:
        obstore.exceptions.BaseError, ValueError: When the URL is not understood.
    """
    # No options of the connection: they would replace those of the environment (AWS_ALLOW_HTTP, AWS_PROXY_URL …).
    return from_url(url, retry_config={"max_retries": RETRIES, "retry_timeout": PATIENCE})


def require_folder(folder: Path | None) -> None:
    """Check that a store's folder is there, when it is one: a mount that went away is no empty store.

    Raises:
        StoreUnavailable: When it is gone.
    """
    if folder is not None and not folder.is_dir():
        raise StoreUnavailable(GONE)


def children(objects: ObjectStore, prefix: str) -> list[str]:
    """Names of the folders in a folder; the empty prefix is the root."""
    with answering():
        listing = obstore.list_with_delimiter(objects, prefix or None)
    return [path.rstrip("/").rsplit("/", 1)[-1] for path in listing["common_prefixes"]]


def get(objects: ObjectStore, path: str, *, most_bytes: int | None = None) -> bytes | None:
    """The content of an object, or None when there is none.

    Raises:
        OtherSize: When it has more bytes than it may have; they are not read.
    """
    try:
        with answering():
            return read_at_most(obstore.get(objects, path), most_bytes)
    except FileNotFoundError:
        return None


def read_at_most(answer: "GetResult", most_bytes: int | None) -> bytes:
    """The content of an object that was asked for.

    Raises:
        OtherSize: When it has more bytes than it may have; they are not read.
    """
    if most_bytes is not None and answer.meta["size"] > most_bytes:
        raise OtherSize(answer.meta["size"])
    return bytes(answer.bytes())


class OtherSize(Exception):
    """An object that is not as large as it should be; its content was not read."""

    def __init__(self, received: int) -> None:
        self.received = received
        super().__init__(f"{received} bytes")


def pieces(objects: ObjectStore, path: str, *, size: int) -> Iterator[bytes]:
    """The content of an object, piece by piece: not even the wrong one is held in memory whole.

    Raises:
        FileNotFoundError: When there is none.
        OtherSize: When it has not the size that it should have.
    """
    with answering():
        answer = obstore.get(objects, path)
        if answer.meta["size"] != size:
            raise OtherSize(answer.meta["size"])
        for piece in answer.stream(min_chunk_size=PIECE_BYTES):
            yield bytes(piece)


def create(objects: ObjectStore, path: str, content: bytes) -> bool:
    """Write an object only if it is absent; whether it was."""
    try:
        with answering():
            obstore.put(objects, path, content, mode="create")
    except FileExistsError:
        return False
    return True


@contextmanager
def answering() -> Iterator[None]:
    """Turn what obstore raises into FileNotFoundError, FileExistsError and StoreUnavailable, but for NotModifiedError.

    FileExistsError stands for a condition of a write that does not hold.
    """
    try:
        yield
    except NotModifiedError:
        raise
    except (NotFoundError, FileNotFoundError) as error:
        raise FileNotFoundError(str(error)) from error
    except (AlreadyExistsError, FileExistsError, PreconditionError) as error:
        raise FileExistsError(str(error)) from error
    except (BaseError, OSError) as error:
        reason = reason_of(error)
        full = any(words in str(error) for words in FULL)
        raise StoreFull(reason) if full else StoreUnavailable(reason) from error
