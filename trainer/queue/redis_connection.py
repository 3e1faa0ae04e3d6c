"""The worker's connection to the queue's server, with retries: a training outlives a restart of it."""

from redis import Redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.retry import Retry

__all__ = ["connect"]

RETRIES = 300
LONGEST_WAIT_S = 2.0
CONNECT_TIMEOUT_S = 5.0


def connect(redis_url: str) -> Redis:
    """A client that tries again for about ten minutes before it gives up."""
    backoff = ExponentialWithJitterBackoff(base=0.1, cap=LONGEST_WAIT_S)
    return Redis.from_url(
        redis_url, retry=Retry(backoff, RETRIES), socket_connect_timeout=CONNECT_TIMEOUT_S, socket_keepalive=True
    )
