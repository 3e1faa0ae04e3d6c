"""Messages for webhooks, on the queue's server until a service has sent them.

The trainer and the service add them where something has happened; the id says what happened, so that a process that
adds it again, because it was cut off the first time, adds nothing. While no service sends webhooks, nothing is kept.
A connection is given as redis' `Redis`, which this package does not import.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

__all__ = [
    "DRIFT",
    "GATE_FAILED",
    "JOB_ENDED",
    "KINDS",
    "LABEL_MOVED",
    "MESSAGES",
    "MOST_WAITING",
    "ROLLOUT_BREACH",
    "ROLLOUT_END",
    "ROLLOUT_STEP",
    "VERSION_PUBLISHED",
    "WEBHOOKS_DUE",
    "WEBHOOK_COUNTS",
    "WEBHOOK_OUTCOMES",
    "add_message",
    "message_of",
    "want_messages",
]

VERSION_PUBLISHED, LABEL_MOVED, GATE_FAILED = "version.published", "label.moved", "gate.failed"
JOB_ENDED, DRIFT = "job.ended", "drift"
ROLLOUT_STEP, ROLLOUT_BREACH, ROLLOUT_END = "rollout.step", "rollout.breach", "rollout.end"
KINDS = (
    VERSION_PUBLISHED, LABEL_MOVED, GATE_FAILED, JOB_ENDED, DRIFT, ROLLOUT_STEP, ROLLOUT_BREACH, ROLLOUT_END,
)  # fmt: skip
MESSAGES = "onehot:webhooks:messages"
"""List: messages that no service has taken yet, the oldest first."""
WEBHOOKS_DUE = "onehot:webhooks:due"
"""Sorted set: `address key message id` → when it is due, in seconds since 1970 on the server's clock."""
WEBHOOK_COUNTS = "onehot:webhooks:counts"
"""Hash: outcome → how many attempts had it."""
WEBHOOK_OUTCOMES = ("delivered", "refused", "dead")
WANTED = "onehot:webhooks:wanted"
"""There while a service sends webhooks."""
WANTED_S = 24 * 3600
"""How long messages are kept for services that are away."""
KNOWN_S = 7 * 24 * 3600
"""How long it is known that a message was added."""
MOST_WAITING = 10_000
ADD = f"""
if redis.call('EXISTS', KEYS[3]) == 0 then return 0 end
if not redis.call('SET', KEYS[2], 1, 'NX', 'EX', {KNOWN_S}) then return 0 end
redis.call('RPUSH', KEYS[1], ARGV[1])
redis.call('LTRIM', KEYS[1], -{MOST_WAITING}, -1)
return 1
"""
"""KEYS: the messages, what says that this one was added, what says that they are wanted. ARGV: the message."""


def message_of(kind: str, data: Mapping[str, Any], *, message_id: str) -> str:
    """A message as it waits: its id and the payload, `{"type", "timestamp", "data"}`, as JSON."""
    payload = {"type": kind, "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"), "data": dict(data)}
    return json.dumps({"id": message_id, "payload": payload}, ensure_ascii=False, separators=(",", ":"))


def add_message(connection: Any, kind: str, data: Mapping[str, Any], *, message_id: str) -> bool:
    """Add a message, unless it was added before or none are wanted.

    Args:
        connection: To the queue's server.
        kind: One of `KINDS`.
        data: What happened, as JSON has it.
        message_id: The same whenever the same happened.

    Returns:
        Whether it was added.
    """
    known = f"onehot:webhooks:known:{message_id}"
    return bool(connection.eval(ADD, 3, MESSAGES, known, WANTED, message_of(kind, data, message_id=message_id)))


def want_messages(connection: Any) -> None:
    """Keep messages for the next day."""
    connection.set(WANTED, 1, ex=WANTED_S)
