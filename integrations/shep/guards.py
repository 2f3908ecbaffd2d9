"""What keeps us from overrunning a service: four calls at once, a rate, and rest for one that is down.

The state is one hash and one sorted set a service in Redis, common to every process; Redis keeps the time. One
script to enter and one to leave, each one round trip. Without Redis nothing is asked: no limit could be kept, and an
answer that comes later harms nobody (design.md §5.7). Source: contracts/shep.md §3.
"""

import contextlib
import enum
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import redis

ENTER = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local token, parallel, lease = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local per_second, burst = tonumber(ARGV[4]), tonumber(ARGV[5])
local seen = redis.call('HMGET', KEYS[1], 'rests_until', 'probe_until', 'tokens', 'filled_at')
if seen[1] then
    local opens = math.max(tonumber(seen[1]), tonumber(seen[2] or 0))
    if now < opens then return {'RESTS', opens - now} end
end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
if redis.call('ZCARD', KEYS[2]) >= parallel then return {'FULL', 0} end
local tokens = math.min(burst, tonumber(seen[3] or burst) + (now - tonumber(seen[4] or now)) * per_second / 1000)
if tokens < 1 then return {'RATE', math.ceil((1 - tokens) * 1000 / per_second)} end
redis.call('HSET', KEYS[1], 'tokens', tokens - 1, 'filled_at', now)
if seen[1] then redis.call('HSET', KEYS[1], 'probe_until', now + lease, 'probe', token) end
redis.call('ZADD', KEYS[2], now + lease, token)
redis.call('PEXPIRE', KEYS[1], 86400000)
redis.call('PEXPIRE', KEYS[2], 86400000)
return {'ENTERED', 0}
"""

LEAVE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local token, verdict, most, rest = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
redis.call('ZREM', KEYS[2], token)
local was_probe = redis.call('HGET', KEYS[1], 'probe') == token
if was_probe then redis.call('HDEL', KEYS[1], 'probe', 'probe_until') end
if verdict == 'ALIVE' then
    redis.call('HDEL', KEYS[1], 'failures', 'rests_until')
elseif verdict == 'DOWN' then
    local failures = redis.call('HINCRBY', KEYS[1], 'failures', 1)
    if was_probe or failures >= most then
        redis.call('HSET', KEYS[1], 'rests_until', now + rest)
        redis.call('HDEL', KEYS[1], 'failures')
    end
end
return 1
"""


class Verdict(enum.StrEnum):
    """What a call said about its service."""

    ALIVE = "ALIVE"  # it answered, whatever it said
    DOWN = "DOWN"  # it could not be reached
    UNSAID = "UNSAID"


class Closed(Exception):
    """The call may not be made now; `reason` says why, for operators."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one service. Times in seconds; the gateway's own figures are not public, these are our profile.

    `lease` is after how long the slot of a process that died is free again: more than any call may last.
    """

    parallel: int = 4
    per_second: float = 50.0
    burst: int = 100
    failures: int = 5
    rest: float = 60.0
    lease: float = 90.0


@dataclass
class Guards:
    """The limits of every service, for any number of threads and processes.

    `prefix` keeps installations and tests apart. Threads of one process wait for each other here, without Redis.
    """

    connection: redis.Redis = field(repr=False)
    prefix: str
    limits: Limits = Limits()
    sleep: Callable[[float], Any] = time.sleep

    def __post_init__(self) -> None:
        self._enter = self.connection.register_script(ENTER)
        self._leave = self.connection.register_script(LEAVE)
        self._local: dict[str, threading.BoundedSemaphore] = {}
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def call(self, service_id: str, patience: float) -> Iterator["Pass"]:
        """Be one of the calls of the moment. Waits up to `patience` seconds for a place.

        The block sets `verdict` of what it gets; a call that ends by an exception says nothing about the service.

        Raises:
            Closed: no place came free, the service rests after failures, or Redis is not there.
        """
        deadline = time.monotonic() + patience
        here = self._semaphore(service_id)
        if not here.acquire(timeout=max(0.0, patience)):
            raise Closed("too many calls at once")
        try:
            given = Pass(uuid.uuid4().hex)
            self._wait_for_place(service_id, given, deadline)
            try:
                yield given
            finally:
                self._give_back(service_id, given)
        finally:
            here.release()

    def _semaphore(self, service_id: str) -> threading.BoundedSemaphore:
        with self._lock:
            if service_id not in self._local:
                self._local[service_id] = threading.BoundedSemaphore(self.limits.parallel)
            return self._local[service_id]

    def _keys(self, service_id: str) -> list[str]:
        # The braces keep both keys on one node of a cluster.
        return [f"{self.prefix}:guard:{{{service_id}}}:state", f"{self.prefix}:guard:{{{service_id}}}:calls"]

    def _wait_for_place(self, service_id: str, given: "Pass", deadline: float) -> None:
        limits = self.limits
        arguments = [given.token, limits.parallel, _ms(limits.lease), limits.per_second, limits.burst]
        while True:
            word, wait = self._ask(self._enter, service_id, arguments)
            if word == b"ENTERED":
                return
            if word == b"RESTS":
                raise Closed(f"not asked for {wait / 1000:.0f} s more: it could not be reached several times")
            pause = (wait / 1000) or random.uniform(0.01, 0.05)
            if time.monotonic() + pause > deadline:
                raise Closed("too many calls at once" if word == b"FULL" else "too many calls a second")
            self.sleep(pause)

    def _give_back(self, service_id: str, given: "Pass") -> None:
        arguments = [given.token, given.verdict.value, self.limits.failures, _ms(self.limits.rest)]
        # The lease gives the place back where Redis went away meanwhile.
        with contextlib.suppress(Closed):
            self._ask(self._leave, service_id, arguments)

    def _ask(self, script, service_id: str, arguments: list) -> Any:
        try:
            return script(keys=self._keys(service_id), args=arguments)
        except redis.RedisError as error:
            raise Closed(f"our own limits cannot be kept: Redis, {type(error).__name__}") from None


@dataclass
class Pass:
    """One place among the calls of a service, and what its holder learned."""

    token: str
    verdict: Verdict = Verdict.UNSAID


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
