"""The last conclusive answer of each question, and for how long it is as good as a new one.

Redis holds no personal data: the key of a question is an HMAC, the value names the archived bytes, which are read
again when somebody asks. An answer that ran out still serves as STALE for a while.
"""

import datetime
import hashlib
import hmac
from dataclasses import dataclass, field

import msgspec
import redis

from integrations.shep.registers import Outcome


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """What is remembered of an answer. `answer_id` finds it among several in the archived bytes."""

    outcome: Outcome
    message_id: str
    answer_id: str
    raw_sha256: str
    asked_at: datetime.datetime
    valid_until: datetime.datetime
    actual_at: datetime.datetime | None


@dataclass(frozen=True)
class AnswerCache:
    """By register and hashed key, in Redis; without Redis it remembers nothing.

    `stale_for` is how long after it ran out an answer may still be shown as an old one.
    """

    connection: redis.Redis = field(repr=False)
    prefix: str
    secret: bytes = field(repr=False)
    stale_for: datetime.timedelta = datetime.timedelta(days=30)

    def hash_of(self, register: str, key: str) -> str:
        """The key of a question as it may be written down: 64 hexadecimal digits, another one in each installation."""
        return hmac.new(self.secret, f"shep:{register}:{key}".encode(), hashlib.sha256).hexdigest()

    def get(self, register: str, key_hash: str) -> Kept | None:
        """What is remembered, fresh or stale; None for nothing, also where Redis is not there."""
        try:
            found = self.connection.get(self._name(register, key_hash))
        except redis.RedisError:
            return None
        try:
            return found and msgspec.json.decode(found, type=Kept)
        except msgspec.MsgspecError:
            return None

    def put(self, register: str, key_hash: str, kept: Kept, now: datetime.datetime) -> None:
        """Remember until it is too old even to be stale. Forgotten silently where Redis is not there."""
        seconds = int((kept.valid_until + self.stale_for - now).total_seconds())
        if seconds > 0:
            try:
                self.connection.set(self._name(register, key_hash), msgspec.json.encode(kept), ex=seconds)
            except redis.RedisError:
                return

    def _name(self, register: str, key_hash: str) -> str:
        return f"{self.prefix}:answer:{register}:{key_hash}"
