"""The worker's connection to the queue's server, with retries: a training outlives a restart of it."""

import logging
import time
from collections.abc import Callable
from typing import Any

from redis import Redis
from redis.backoff import ExponentialWithJitterBackoff, NoBackoff
from redis.exceptions import AuthenticationError, RedisError, ResponseError
from redis.exceptions import ConnectionError as NoConnection
from redis.retry import Retry

from models.errors import OnehotError, reason_of
from models.queue.password_file import redis_address
from models.queue.refusals import refusal_of
from trainer.queue.full_queue import await_room

__all__ = ["QueueRefused", "await_server", "connect"]

RETRIES = 300
LONGEST_WAIT_S = 2.0
CONNECT_TIMEOUT_S = 5.0
TOLD_EVERY_S = 10.0
LOOK_S = 1.0
NOTHING = "onehot:nothing"

log = logging.getLogger("trainer")


class QueueRefused(OnehotError):
    """The queue's server answers and does not let this worker in: trying again does not help."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"ONEHOT_REDIS_URL: expected a user, password and database that may work; received: {reason}")


class ToldRetry(Retry):
    """Retries that are logged with their reason: the first at once, then one every few seconds.

    A server that answers, and takes no writes as it is full, is waited for without an end.
    """

    _told_s = float("-inf")

    def call_with_retry(self, do: Callable[[], Any], fail: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Call, and log each failure before it is tried again."""

        def told(error: Exception, *more: Any) -> Any:
            self._tell(error)
            return fail(error, *more)

        return super().call_with_retry(lambda: await_room(do), told, *arguments, **named)

    def _tell(self, error: Exception) -> None:
        now_s = time.monotonic()
        if now_s - self._told_s >= TOLD_EVERY_S:
            self._told_s = now_s
            refused = isinstance(error, AuthenticationError)
            told = "refuses the user or the password" if refused else "does not answer"
            log.warning("the queue's server %s: %s; it is tried again", told, reason_of(error))


def connect(redis_url: str, password_file: str = "") -> Redis:
    """A client that tries again for about ten minutes before it gives up, each time with what the file holds."""
    backoff = ExponentialWithJitterBackoff(base=0.1, cap=LONGEST_WAIT_S)
    return Redis.from_url(
        **redis_address(redis_url, password_file), retry=ToldRetry(backoff, RETRIES),
        socket_connect_timeout=CONNECT_TIMEOUT_S, socket_keepalive=True,
    )  # fmt: skip


def await_server(redis_url: str, password_file: str = "") -> None:
    """Wait until the queue's server lets this worker in; why it does not yet is logged, at once and again and again.

    A password that is refused is waited for where it comes from a file: the file may change.

    Raises:
        QueueRefused: When it refuses the user, the password, the database or a command.
    """
    told_s, address = float("-inf"), redis_address(redis_url, password_file)
    with Redis.from_url(**address, retry=Retry(NoBackoff(), 0), socket_connect_timeout=CONNECT_TIMEOUT_S) as client:
        while (reason := _reason_to_wait(client, may_change=bool(password_file))) is not None:
            if time.monotonic() - told_s >= TOLD_EVERY_S:
                told_s = time.monotonic()
                log.warning("waiting for the queue's server (ONEHOT_REDIS_URL): %s", reason)
            time.sleep(LOOK_S)


def _reason_to_wait(client: Redis, *, may_change: bool) -> str | None:
    """Try the kinds of commands that a worker sends, on what is not there."""
    try:
        client.ping()
        client.lrange("rq:queue:", 0, 0)
        client.srem("rq:workers", NOTHING)
        client.eval("return redis.call('EXISTS', KEYS[1])", 1, NOTHING)
        client.delete(NOTHING)
    except AuthenticationError as error:  # in redis-py it is an error of the connection
        if not may_change:
            raise QueueRefused(reason_of(error)) from error
        return reason_of(error)
    except NoConnection as error:
        return reason_of(error)
    except ResponseError as error:
        if (reason := refusal_of(error)) is None:
            raise QueueRefused(reason_of(error)) from error
        return reason
    except RedisError as error:
        return reason_of(error)
    return None
