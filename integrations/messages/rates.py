"""How many messages a second: one limit for all workers of all machines, kept in Redis.

Every message reserves the next free moment of its channel; the script that hands moments out runs in Redis, by Redis's
own clock, so that no two workers get the same one. Waiting is bounded: when the next moment is further away than that,
none is reserved.
"""

import time
from collections.abc import Callable
from typing import Any, Protocol

import redis

# KEYS[1] the next free moment; ARGV: microseconds between two messages, the longest wait in microseconds.
# Gives the microseconds to wait, or, with nothing reserved, the negative of what the wait would have been.
_RESERVE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local moment = math.max(now, tonumber(redis.call('GET', KEYS[1]) or '0'))
local wait = moment - now
if wait > tonumber(ARGV[2]) then
    return -wait
end
local following = moment + tonumber(ARGV[1])
redis.call('SET', KEYS[1], string.format('%.0f', following), 'PX', math.ceil((following - now) / 1000) + 1000)
return wait
"""
LONGEST_WAIT_SECONDS = 5.0


class NoMoment(Exception):
    """No message may go now; the next moment is `seconds` away, None when Redis does not tell."""

    def __init__(self, seconds: float | None) -> None:
        super().__init__("no message may go now")
        self.seconds = seconds


class Rate(Protocol):
    """What holds a channel back."""

    def wait(self) -> None:
        """Return when the next message may go. Raises NoMoment."""


class Unlimited:
    """Holds nothing back."""

    def wait(self) -> None:
        """Return at once."""


class RateLimit:
    """At most `per_second` messages a second by everybody who uses this `name`, evenly, without bursts."""

    def __init__(
        self,
        client: redis.Redis,
        name: str,
        per_second: float,
        *,
        longest_wait: float = LONGEST_WAIT_SECONDS,
        sleep: Callable[[float], Any] = time.sleep,
    ) -> None:
        if per_second <= 0:
            raise ValueError("a rate is at least something")
        self._key = f"messages:rate:{name}"
        self._interval = round(1_000_000 / per_second)
        self._longest_wait = round(longest_wait * 1_000_000)
        self._sleep = sleep
        self._reserve = client.register_script(_RESERVE)

    def wait(self) -> None:
        """Reserve the next moment and sleep until it comes. Raises NoMoment: it is too far away, or Redis is."""
        try:
            wait = int(self._reserve(keys=[self._key], args=[self._interval, self._longest_wait]))
        except redis.RedisError:
            raise NoMoment(None) from None
        if wait < 0:
            raise NoMoment(-wait / 1_000_000)
        if wait:
            self._sleep(wait / 1_000_000)
