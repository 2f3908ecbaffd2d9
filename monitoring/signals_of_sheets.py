"""Signals out of the sheets: presence on a day that is not a study day, or outside the contract (contracts/lms.md)."""

import datetime

from django.db import transaction

from monitoring.models import SheetScan
from voucher_portal import sql

BEGINNING = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
# A sheet bears the time at which its page was taken in; the transaction of the page ends a little later.
OVERLAP = datetime.timedelta(minutes=10)


@transaction.atomic
def scan_sheets(*, now: datetime.datetime, is_whole: bool = False) -> dict:
    """Raise signals for what came since the last scan, and end those whose cause is gone; one scan at a time.

    `is_whole` looks through every sheet, as after a change of the calendar. Repeatable. Five statements.
    Returns how many signals were `raised` (new, changed or back) and `ended`.
    """
    SheetScan.objects.get_or_create(pk=1)
    scan = SheetScan.objects.select_for_update().get(pk=1)
    since = BEGINNING if is_whole or scan.scanned_at is None else scan.scanned_at - OVERLAP
    raised = sql.execute("monitoring/raise_signals", since=since, now=now)
    ended = sql.execute("monitoring/end_signals", now=now)
    scan.scanned_at = now
    scan.save(update_fields=["scanned_at"])
    return {"raised": raised, "ended": ended}
