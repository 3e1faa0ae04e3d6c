"""The clock of the queue's server: the one clock that all who share a queue have in common.

Leases are written and compared by it, whatever the clock of a worker says. A connection is given as redis' `Redis`,
which this package does not import.
"""

from typing import Any

__all__ = ["RENEW", "note_time", "seconds_since_note", "server_time_s"]

RENEW = """
local ends = tonumber(redis.call('TIME')[1]) + tonumber(ARGV[2])
if ARGV[3] == 'XX' then return redis.call('ZADD', KEYS[1], 'XX', ends, ARGV[1]) end
return redis.call('ZADD', KEYS[1], ends, ARGV[1])
"""
"""KEYS: of the sorted set of leases. ARGV: the owner, seconds, `XX` to renew only a lease that is there."""
NOTE_KEPT_S = 24 * 3600


def server_time_s(connection: Any) -> float:
    """Seconds since 1970 on the queue's server."""
    seconds, microseconds = connection.time()
    return float(seconds + microseconds / 1e6)


def note_time(connection: Any, key: str) -> bool:
    """Note the time under a key, unless one is noted there; whether none was."""
    return bool(connection.set(key, server_time_s(connection), nx=True, ex=NOTE_KEPT_S))


def seconds_since_note(connection: Any, key: str) -> float:
    """How long ago the time was noted; 0 when none is."""
    noted = connection.get(key)
    return 0.0 if noted is None else server_time_s(connection) - float(noted)
