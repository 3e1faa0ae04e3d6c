"""What waits to be sent, on the queue's server, so that it outlives every service.

A message becomes one delivery for each address that wants it. A delivery is due at a time; it is taken by moving that
time beyond the longest attempt, so that one whose service was killed is due again. Sent, it is removed; refused, it is
due later, and after the last attempt it is a dead letter.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redis import Redis

from models.queue.webhook_messages import MESSAGES, WEBHOOK_COUNTS, WEBHOOKS_DUE
from service.webhooks.subscriptions import Subscription

__all__ = ["DEAD", "PAUSES_S", "Deliveries", "Delivery"]

BODIES = "onehot:webhooks:bodies"
"""Hash: the same → the message, and how many attempts it had."""
DEAD = "onehot:webhooks:dead"
"""List: the newest dead letters."""
MOST_DEAD = 1000
MOST_SPREAD = 100
MOST_TAKEN = 100
"""At once, of an address that is no longer in the file: they are dead letters."""
PAGE = 500
TAKEN_S = 60.0
"""How long an attempt may take, name, connection and answer."""
PAUSES_S = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""After each attempt, as Standard Webhooks recommends: about three days in all."""
SPREAD = """
local raw = redis.call('LINDEX', KEYS[1], 0)
if raw ~= ARGV[1] then return 0 end
local now = redis.call('TIME')
for place = 2, #ARGV do
  redis.call('HSETNX', KEYS[3], ARGV[place], cjson.encode({0, raw}))
  redis.call('ZADD', KEYS[2], 'NX', now[1] + now[2] / 1e6, ARGV[place])
end
redis.call('LPOP', KEYS[1])
return 1
"""
"""KEYS: messages, due, bodies. ARGV: the message that was read, a delivery for each address."""
TAKE = f"""
local now = redis.call('TIME')
now = now[1] + now[2] / 1e6
local room, found, from = {{}}, {{}}, 0
for place = 1, #ARGV, 2 do room[ARGV[place]] = tonumber(ARGV[place + 1]) end
local names = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', from, {PAGE})
while #names > 0 do
  local stay = 0
  for _, name in ipairs(names) do
    local address = string.match(name, '^[^ ]*')
    local left = room[address] or {MOST_TAKEN}
    local body = redis.call('HGET', KEYS[2], name)
    if not body then
      redis.call('ZREM', KEYS[1], name)
    elseif left > 0 then
      room[address] = left - 1
      redis.call('ZADD', KEYS[1], now + {TAKEN_S}, name)
      table.insert(found, name)
      table.insert(found, body)
    else
      stay = stay + 1
    end
  end
  from = from + stay
  names = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', from, {PAGE})
end
return found
"""
"""KEYS: due, bodies. ARGV: address keys and for how many there is room by turns. Gives names and bodies by turns; what
there is no room for stays due, and keeps none of another address from being taken."""
LATER = """
local now = redis.call('TIME')
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
return redis.call('ZADD', KEYS[1], now[1] + ARGV[3], ARGV[1])
"""
"""KEYS: due, bodies. ARGV: the delivery, its body, seconds from now."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message on its way to an address.

    Args:
        name: In the sorted set.
        attempts: How many it had.
        message: As it waits: `{"id", "payload"}`.
    """

    name: str
    attempts: int
    message: str

    @property
    def address_key(self) -> str:
        """Which subscription it is for."""
        return self.name.partition(" ")[0]

    @property
    def message_id(self) -> str:
        """Of the message; the same at every attempt."""
        return self.name.partition(" ")[2]

    @property
    def body(self) -> bytes:
        """What is posted."""
        return json.dumps(json.loads(self.message)["payload"], ensure_ascii=False, separators=(",", ":")).encode()


class Deliveries:
    """The deliveries on the queue's server; its methods raise redis' errors.

    Args:
        connection: To it.
    """

    def __init__(self, connection: Redis) -> None:
        self._connection: Any = connection

    def spread(self, subscriptions: Sequence[Subscription]) -> None:
        """Make deliveries of the messages that wait; cut off in between, or done by two at once, none is doubled."""
        for raw in self._connection.lrange(MESSAGES, 0, MOST_SPREAD - 1):
            message = json.loads(raw)
            kind = message["payload"]["type"]
            names = [f"{one.key} {message['id']}" for one in subscriptions if kind in one.kinds]
            self._connection.eval(SPREAD, 3, MESSAGES, WEBHOOKS_DUE, BODIES, raw, *names)

    def take(self, room: Mapping[str, int]) -> list[Delivery]:
        """The deliveries that are due; no other service takes them while an attempt lasts.

        Args:
            room: Key of each address in the file → how many more attempts may be under way to it.
        """
        arguments = [part for one in room.items() for part in one]
        found = [one.decode() for one in self._connection.eval(TAKE, 2, WEBHOOKS_DUE, BODIES, *arguments)]
        return [Delivery(name, *json.loads(body)) for name, body in zip(found[::2], found[1::2], strict=True)]

    def note_delivered(self, delivery: Delivery) -> None:
        """It was taken by its receiver."""
        self._end(delivery, "delivered")

    def note_refused(self, delivery: Delivery, reason: str, *, is_final: bool) -> bool:
        """It was not taken: send it later, or never again; whether it is a dead letter now."""
        attempts = delivery.attempts + 1
        if is_final or attempts > len(PAUSES_S):
            self._end(delivery, "dead", reason)
            return True
        body = json.dumps([attempts, delivery.message])
        self._connection.eval(LATER, 2, WEBHOOKS_DUE, BODIES, delivery.name, body, PAUSES_S[attempts - 1])
        self._connection.hincrby(WEBHOOK_COUNTS, "refused", 1)
        return False

    def _end(self, delivery: Delivery, outcome: str, reason: str = "") -> None:
        with self._connection.pipeline(transaction=True) as pipeline:
            pipeline.zrem(WEBHOOKS_DUE, delivery.name)
            pipeline.hdel(BODIES, delivery.name)
            pipeline.hincrby(WEBHOOK_COUNTS, outcome, 1)
            if outcome == "dead":
                letter = {"delivery": delivery.name, "reason": reason, "message": json.loads(delivery.message)}
                pipeline.rpush(DEAD, json.dumps(letter))
                pipeline.ltrim(DEAD, -MOST_DEAD, -1)
            pipeline.execute()
