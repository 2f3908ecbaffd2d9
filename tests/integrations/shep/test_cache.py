"""What is remembered of an answer: nothing of the person, for its time, and nothing at all without Redis."""

import datetime

import pytest

from integrations.shep.cache import AnswerCache, Kept
from integrations.shep.envelope import almaty_now
from integrations.shep.registers import Outcome

DAY = datetime.timedelta(days=1)
IIN = "190101599018"


def kept(valid_for: datetime.timedelta = DAY) -> Kept:
    now = almaty_now()
    return Kept(Outcome.FOUND, "m", "a", "0" * 64, now, now + valid_for, None)


@pytest.fixture
def cache(connection, prefix):
    return AnswerCache(connection, prefix, b"secret", stale_for=2 * DAY)


def test_what_is_put_is_got_back(cache):
    cache.put("GBDFL", "hash", kept_now := kept(), almaty_now())
    assert cache.get("GBDFL", "hash") == kept_now
    assert cache.get("ZAGS", "hash") is None
    assert cache.get("GBDFL", "other") is None


def test_it_is_forgotten_when_too_old_even_to_be_stale(cache, connection, prefix):
    cache.put("GBDFL", "hash", kept(), almaty_now())
    (key,) = connection.keys(f"{prefix}:*")
    assert 2 * 86400 < connection.ttl(key) <= 3 * 86400
    cache.put("GBDFL", "late", kept(-3 * DAY), almaty_now())
    assert cache.get("GBDFL", "late") is None


def test_neither_key_nor_value_tells_whom_it_is_about(cache, connection, prefix):
    key_hash = cache.hash_of("GBDFL", IIN)
    cache.put("GBDFL", key_hash, kept(), almaty_now())
    (key,) = connection.keys(f"{prefix}:*")
    assert IIN.encode() not in key + connection.get(key)


def test_the_hash_differs_by_register_key_and_installation(cache, connection):
    other = AnswerCache(connection, "x", b"another secret")
    hashes = {cache.hash_of("A", IIN), cache.hash_of("B", IIN), cache.hash_of("A", IIN[::-1]), other.hash_of("A", IIN)}
    assert len(hashes) == 4
    assert cache.hash_of("A", IIN) == cache.hash_of("A", IIN)


@pytest.mark.parametrize("value", [b"", b"{}", b"[]", b'["FOUND"]', b"\xff", b'["NEVER","m","a","0","x","y",null]'])
def test_what_cannot_be_read_is_not_remembered(cache, connection, prefix, value):
    connection.set(f"{prefix}:answer:GBDFL:hash", value)
    assert not cache.get("GBDFL", "hash")


def test_without_redis_nothing_is_remembered(nowhere, prefix):
    cache = AnswerCache(nowhere, prefix, b"secret")
    cache.put("GBDFL", "hash", kept(), almaty_now())
    assert cache.get("GBDFL", "hash") is None


def test_the_secret_is_in_no_representation(cache):
    assert "secret'" not in repr(cache)
