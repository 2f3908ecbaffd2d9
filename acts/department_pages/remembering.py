"""Numbers that take long to count and may be a little old, kept in the cache."""

from collections.abc import Callable
from typing import TypeVar

from django.core.cache import cache
from redis.exceptions import RedisError

Counted = TypeVar("Counted")


def remembered(key: str, seconds: int, count: Callable[[], Counted]) -> Counted:
    """What was counted in the last `seconds`, else counted now; without a cache it is counted every time."""
    try:
        known = cache.get(key)
    except RedisError:
        return count()
    if known is None:
        known = count()
        cache.set(key, known, seconds)
    return known
