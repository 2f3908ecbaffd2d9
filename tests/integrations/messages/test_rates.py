import threading
import time
import uuid

import pytest
import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from integrations.messages.outcomes import State
from integrations.messages.rates import NoMoment, RateLimit
from integrations.messages.sms import SmsChannel
from tests.integrations.messages.examples import QUICK, TOKEN, to_phone


@pytest.fixture
def client():
    opened = redis.Redis.from_url(settings.CACHES["default"]["LOCATION"])
    yield opened
    opened.close()


def limit(client, per_second, name="", **options):
    return RateLimit(client, name or uuid.uuid4().hex, per_second, **options)


def test_moments_are_handed_out_evenly(client):
    pauses = []
    rate = limit(client, 10, sleep=pauses.append)
    for _ in range(5):
        rate.wait()
    assert pauses == pytest.approx([0.1, 0.2, 0.3, 0.4], abs=0.08)


def test_after_a_rest_nobody_waits(client):
    pauses = []
    rate = limit(client, 50, sleep=pauses.append)
    rate.wait()
    time.sleep(0.05)
    rate.wait()
    assert pauses == []


def test_all_workers_share_one_limit(client):
    name, done = uuid.uuid4().hex, []

    def work():
        with redis.Redis.from_url(settings.CACHES["default"]["LOCATION"]) as own:
            rate = limit(own, 50, name)
            for _ in range(5):
                rate.wait()
                done.append(time.monotonic())

    threads = [threading.Thread(target=work) for _ in range(4)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 20
    assert max(done) - started >= 19 / 50 - 0.02


def test_channels_do_not_hold_back_each_other(client):
    pauses = []
    for _ in range(3):
        limit(client, 1, sleep=pauses.append).wait()
    assert pauses == []


def test_a_wait_beyond_the_bound_is_told_and_takes_no_moment(client):
    rate = limit(client, 1, longest_wait=1.5, sleep=lambda _seconds: None)
    rate.wait()
    rate.wait()
    for _ in range(3):
        with pytest.raises(NoMoment) as caught:
            rate.wait()
        assert 1.5 < caught.value.seconds <= 2


def test_the_limit_leaves_nothing_behind(client):
    name = uuid.uuid4().hex
    limit(client, 100, name).wait()
    assert 0 < client.pttl(f"messages:rate:{name}") <= 1_100


def test_without_redis_nothing_goes():
    nowhere = redis.Redis(host="127.0.0.1", port=1, retry=Retry(NoBackoff(), 0))
    with pytest.raises(NoMoment) as caught:
        limit(nowhere, 10).wait()
    assert caught.value.seconds is None


def test_a_channel_without_a_moment_sends_nothing_and_says_when(other, client):
    rate = limit(client, 0.1, longest_wait=0)
    channel = SmsChannel(f"{other.url}/sms", TOKEN, sender="V", rate=rate, retries=QUICK)
    assert channel.send(to_phone()).state == State.ACCEPTED
    receipt = channel.send(to_phone())
    assert (receipt.state, receipt.reason) == (State.FAILED_FOR_NOW, "rate")
    assert 9 < receipt.retry_after <= 10
    assert len(other.box.select()) == 1
    channel.close()


@pytest.mark.parametrize("per_second", [0, -1])
def test_a_rate_of_nothing_is_refused(client, per_second):
    with pytest.raises(ValueError, match="rate"):
        limit(client, per_second)
