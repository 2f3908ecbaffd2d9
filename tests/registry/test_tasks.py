"""Polling in the background, and the health of the feeds."""

import datetime
import threading

import pytest
from django.db import connection
from django.utils import timezone

from integrations.emulators.lms import LmsEmulator
from integrations.models import Lms
from registry.feeds import FeedState, failure_in_words, state_of
from registry.ledger import LMS, OneRunner
from registry.tasks import poll_all_lms, poll_one_lms
from schools.models import Provider
from tests.factories import LmsFactory, ProviderFactory
from voucher_portal.celery import app
from voucher_portal.schedule import SCHEDULE

TOKEN = "secret"

pytestmark = pytest.mark.django_db


@pytest.fixture
def emulator(monkeypatch):
    """An LMS without contracts that answers."""
    monkeypatch.setenv("FACTORY_LMS_TOKEN", TOKEN)
    with LmsEmulator(token=TOKEN) as lms:
        yield lms


def test_every_connected_lms_is_polled_and_no_other(emulator):
    polled = LmsFactory.create_batch(2, url=emulator.url)
    skipped = [LmsFactory(url=""), LmsFactory(url=emulator.url, is_active=False)]
    poll_all_lms()
    assert all(Lms.objects.get(pk=lms.pk).polled_at for lms in polled)
    assert not any(Lms.objects.get(pk=lms.pk).polled_at for lms in skipped)


def test_an_lms_that_is_down_harms_no_other(emulator):
    down, up = LmsFactory(url=f"{emulator.url}/nowhere"), LmsFactory(url=emulator.url)
    poll_all_lms()
    assert Lms.objects.get(pk=down.pk).failure
    assert not Lms.objects.get(pk=up.pk).failure


def test_an_lms_that_was_switched_off_meanwhile_is_left_alone(emulator):
    lms = LmsFactory(url=emulator.url, is_active=False)
    poll_one_lms(lms.pk)
    assert Lms.objects.get(pk=lms.pk).polled_at is None


def test_the_schedule_names_tasks_that_exist():
    app.loader.import_default_modules()
    assert {entry["task"] for entry in SCHEDULE.values()} <= set(app.tasks)


@pytest.mark.django_db(transaction=True)
def test_a_poll_that_is_under_way_is_not_started_again(emulator):
    lms = LmsFactory(url=emulator.url)
    held, done = threading.Event(), threading.Event()

    def other_runner():
        with OneRunner(LMS, lms.pk):
            held.set()
            done.wait(10)
        connection.close()

    thread = threading.Thread(target=other_runner)
    thread.start()
    held.wait(10)
    poll_one_lms(lms.pk)
    done.set()
    thread.join()
    assert Lms.objects.get(pk=lms.pk).polled_at is None


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"url": ""}, FeedState.NONE),
        ({"polled_at": None}, FeedState.STALE),
        ({"polled_at": datetime.timedelta(hours=2)}, FeedState.STALE),
        ({"polled_at": datetime.timedelta(minutes=5)}, FeedState.UP),
        ({"polled_at": datetime.timedelta(minutes=5), "failure": "Unavailable: x"}, FeedState.DOWN),
    ],
)
def test_the_state_of_a_feed_follows_its_last_poll(fields, state):
    now = timezone.now()
    age = fields.get("polled_at")
    lms = LmsFactory(**fields | {"polled_at": age and now - age})
    provider = ProviderFactory(lms=lms)
    assert Lms.objects.annotate(state=state_of(now)).get().state == state
    assert Provider.objects.annotate(state=state_of(now, "lms__")).get(pk=provider.pk).state == state


def test_a_provider_without_an_lms_has_no_feed():
    ProviderFactory(lms=None)
    assert Provider.objects.annotate(state=state_of(timezone.now(), "lms__")).get().state == FeedState.NONE


def test_a_failure_is_told_in_words():
    assert failure_in_words("") == ""
    words = {str(failure_in_words(f"{name}: technical")) for name in ("Unavailable", "WrongToken", "FeedStuck", "Odd")}
    assert len(words) == 4
    assert not any("technical" in text for text in words)
