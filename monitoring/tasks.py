"""Background work of the commission."""

from celery import shared_task
from django.utils import timezone

from monitoring.signals_of_sheets import scan_sheets


@shared_task(time_limit=15 * 60)
def scan_new_sheets() -> None:
    """Look through the sheets that came since the last scan."""
    scan_sheets(now=timezone.now())


@shared_task(time_limit=15 * 60)
def scan_all_sheets() -> None:
    """Look through all sheets: calendars may have changed."""
    scan_sheets(now=timezone.now(), is_whole=True)
