"""What the tests of the service's side of the queue share: its server, emptied, and an application in front of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def redis(redis_server: str) -> Iterator[Any]:
    """The queue's server, emptied."""
    from redis import Redis

    with Redis.from_url(redis_server) as connection:
        connection.flushall()
        yield connection


@pytest.fixture
def client(redis: Any, redis_server: str, store_folder: Path) -> Any:
    """Talks to an application whose queue is there, and whose store is empty."""
    from models.settings import Settings
    from service.app import create_app

    assert redis.dbsize() == 0
    store_folder.mkdir(exist_ok=True)
    return create_app(Settings(store=str(store_folder), redis_url=redis_server)).test_client()
