"""Which service decides on rollouts: the one with the lease, which the queue's server gives by its own clock."""

import time
from dataclasses import dataclass
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from service.errors import QueueUnavailable
from service.rollouts.held_lease import Held

__all__ = ["DeciderLease"]

KEY = "onehot:rollouts:decider"
LEASE_S = 3.0
TAKE = """
local owner = redis.call('GET', KEYS[1])
if not owner or owner == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  owner = ARGV[1]
end
local time = redis.call('TIME')
return {owner, time[1], time[2]}
"""


@dataclass(frozen=True, slots=True)
class DeciderLease:
    """The lease; whichever process of a service leads it takes it for the service.

    Args:
        connection: To the queue's server.
        service: Who takes it.
    """

    connection: Redis
    service: str

    def take(self) -> Held:
        """Take or renew the lease, if it is free or this service's.

        Raises:
            QueueUnavailable: When the server is away, or takes nothing.
        """
        began_s = time.time()
        try:
            answer: Any = self.connection.eval(TAKE, 1, KEY, self.service, round(1000 * LEASE_S))
        except (RedisError, OSError) as error:
            raise QueueUnavailable(f"{type(error).__name__}: {error}") from error
        owner, seconds, microseconds = answer
        server_s = int(seconds) + int(microseconds) / 1e6
        return Held(owner.decode() == self.service, server_s, server_s - (began_s + time.time()) / 2)
