"""A connection to the queue's server, for the event loop: none of its calls belongs in a thread of its own."""

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from models.queue.password_file import redis_address

__all__ = ["connect"]

CONNECT_TIMEOUT_S = 0.5
ANSWER_TIMEOUT_S = 2.0


def connect(redis_url: str, password_file: str = "") -> Redis:
    """A client that gives up soon: a request waits for it."""
    return Redis.from_url(
        **redis_address(redis_url, password_file),
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        socket_timeout=ANSWER_TIMEOUT_S,
        retry=Retry(NoBackoff(), 1),
    )
