"""What was told, on the queue's server: changed in the step that adds the messages, so that none is lost or doubled."""

from collections.abc import Sequence
from typing import Any

from models.queue.webhook_messages import MOST_WAITING

__all__ = ["swap_told", "told_of"]

SWAP = f"""
local before = redis.call('HGET', KEYS[1], ARGV[1])
if (before or '') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
for place = 4, #ARGV do redis.call('RPUSH', KEYS[2], ARGV[place]) end
redis.call('LTRIM', KEYS[2], -{MOST_WAITING}, -1)
return 1
"""
"""KEYS: what was told, the messages. ARGV: field, what was told before, what is told now, the messages."""


def told_of(connection: Any, key: str, field: str) -> str:
    """What was told before; empty when nothing was."""
    raw = connection.hget(key, field)
    return raw.decode() if raw else ""


def swap_told(
    connection: Any, keys: tuple[str, str], field: str, before: str, now: str, messages: Sequence[str]
) -> None:  # fmt: skip
    """Note what is told now and add its messages, unless another service has just done so.

    Args:
        connection: To the queue's server.
        keys: Of the hash of what was told, and of the list of messages.
        field: In the hash.
        before: What was told before.
        now: What is told now.
        messages: As they wait.
    """
    connection.eval(SWAP, 2, *keys, field, before, now, *messages)
