"""Figures that several services share: a hash on the queue's server for each topic, with a field for each service.

A field is format, seconds since 1970 on the server's clock, then each blob behind its length. A service renews its
fields as long as it lives; those of one that went away are passed over, and removed, a minute later.
"""

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from models.queue.server_clock import server_time_s
from service.errors import QueueUnavailable

__all__ = ["FigureHash"]

FORMAT = 1
HEAD = struct.Struct("<Bd")
LENGTH = struct.Struct("<I")
STALE_S = 60.0
"""A field that was not renewed for so long is of a service that is gone."""
KEPT_S = 3600
"""How long the server keeps a topic that no service renews."""


class FigureHash:
    """The figures of all services.

    Args:
        connection: To the queue's server.
        service: Which field is this service's.
    """

    def __init__(self, connection: Redis, service: str) -> None:
        self._connection = connection
        self._service = service

    def write(self, topics: Sequence[tuple[str, Sequence[bytes]]]) -> int:
        """Put this service's blobs in the place of its last ones; a topic without blobs loses its field.

        Returns:
            How many topics were written.

        Raises:
            QueueUnavailable: When the server is away, or takes nothing.
        """
        with _translated_errors(), self._connection.pipeline(transaction=False) as pipeline:
            now_s = server_time_s(self._connection)
            for topic, blobs in topics:
                if blobs:
                    pipeline.hset(_key(topic), self._service, _packed(now_s, blobs))
                    pipeline.expire(_key(topic), KEPT_S)
                else:
                    pipeline.hdel(_key(topic), self._service)
            pipeline.execute()
        return len(topics)

    def of_others(self, topic: str) -> list[bytes]:
        """The blobs of all other services that live.

        Raises:
            QueueUnavailable: When the server is away.
        """
        with _translated_errors(), self._connection.pipeline(transaction=False) as pipeline:
            pipeline.time()
            pipeline.hgetall(_key(topic))
            (now_s, _), found = pipeline.execute()
            others = {service: content for service, content in found.items() if service.decode() != self._service}
            gone = [service for service, content in others.items() if _is_stale(content, now_s)]
            if gone:
                self._connection.hdel(_key(topic), *gone)
        return [blob for service, content in others.items() if service not in gone for blob in _unpacked(content)]


@contextmanager
def _translated_errors() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise QueueUnavailable(f"{type(error).__name__}: {error}") from error


def _key(topic: str) -> str:
    return f"onehot:figures:{topic}"


def _packed(now_s: float, blobs: Sequence[bytes]) -> bytes:
    return HEAD.pack(FORMAT, now_s) + b"".join(LENGTH.pack(len(blob)) + blob for blob in blobs)


def _is_stale(content: bytes, now_s: Any) -> bool:
    """Whether a field is old; one in another format is of a service that is newer, and its own matter."""
    return _is_known(content) and HEAD.unpack_from(content)[1] < now_s - STALE_S


def _is_known(content: bytes) -> bool:
    return len(content) >= HEAD.size and content[0] == FORMAT


def _unpacked(content: bytes) -> Iterator[bytes]:
    place = HEAD.size if _is_known(content) else len(content)
    while place < len(content):
        (length,) = LENGTH.unpack_from(content, place)
        place += LENGTH.size
        yield content[place : place + length]
        place += length
