"""Background work of sign-in."""

import datetime

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.tasks import clear_sessions


@pytest.mark.django_db
def test_only_sessions_that_have_ended_are_removed():
    now = timezone.now()
    for key, hours in (("ended", -1), ("goes-on", 1)):
        Session.objects.create(session_key=key, expire_date=now + datetime.timedelta(hours=hours))
    clear_sessions()
    assert [session.session_key for session in Session.objects.all()] == ["goes-on"]
