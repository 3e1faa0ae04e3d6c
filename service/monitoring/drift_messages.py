"""Drift as a message for webhooks."""

import time
from collections.abc import Callable, Sequence

from redis import Redis
from redis.exceptions import RedisError

from models.queue.webhook_messages import DRIFT, add_message
from models.store.manifest import Manifest

__all__ = ["add_drift_message"]

ONCE_IN_S = 3600
MOST_ALARMS = 20


def add_drift_message(connect: Callable[[], Redis], manifest: Manifest, drift: float, alarms: Sequence[str]) -> bool:
    """Add the message that a version drifts, once an hour however many services find it.

    Returns:
        Whether it need not be added again: the queue's server has it, or no service sends webhooks.
    """
    data = {"model": manifest.model, "version": manifest.version, "drift": drift, "alarms": list(alarms[:MOST_ALARMS])}
    message_id = f"drift-{manifest.model}-{manifest.version}-{int(time.time() // ONCE_IN_S)}"
    try:
        add_message(connect(), DRIFT, data, message_id=message_id)
    except RedisError:
        return False  # the alarm is in the log and on the page of metrics meanwhile
    return True
