"""Polling of the LMS in the background: one task for each LMS, so that one that hangs holds up no other."""

from celery import shared_task
from django.utils import timezone

from integrations.models import Lms
from registry.intake.polling import poll
from registry.polling import connected
from registry.settling import settle_contracts

POLL_EVERY_SECONDS = 15 * 60
# The first poll of a city takes minutes. Past the soft limit the poll ends between two statements; the next one goes
# on from the last stored page.
SOFT_LIMIT_SECONDS = 40 * 60
HARD_LIMIT_SECONDS = 45 * 60


@shared_task(time_limit=60)
def poll_all_lms() -> None:
    """Start a poll of every connected LMS; one that is not begun before the next round comes is left out."""
    for lms in connected():
        poll_one_lms.apply_async([lms.pk], expires=POLL_EVERY_SECONDS)


@shared_task(soft_time_limit=SOFT_LIMIT_SECONDS, time_limit=HARD_LIMIT_SECONDS)
def poll_one_lms(lms_id: int) -> None:
    """Read both feeds of an LMS to their ends and decide on what came. Does nothing while another poll of it runs.

    Decides also when nothing came: a poll that was killed may have left contracts undecided.
    """
    lms = Lms.objects.filter(pk=lms_id, is_active=True).exclude(url="").first()
    if lms is None or poll(lms, wait=False) is None:
        return
    settle_contracts(now=timezone.now())
