"""Polling an LMS to the ends of its feeds. Each page is one transaction with its cursor, so a killed poll goes on."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

import msgspec
from django.db import transaction
from django.utils import timezone

from integrations.lms.client import CursorTooOld, LmsClient, Page
from integrations.lms.items import Contract, Sheet
from integrations.models import FeedCursor, Lms
from registry.enums import UNKNOWN_CONTRACT, UNKNOWN_PROVIDER, ItemKind
from registry.intake.contracts import Taken, take_contracts
from registry.intake.sheets import KnownSheets, take_sheets
from registry.ledger import LMS, OneRunner
from registry.models import PutAside, SchoolCalendar
from voucher_portal import dates, sql
from voucher_portal.dates import Month
from voucher_portal.http import HttpError

CONTRACTS = "contracts"
REPLAYED_AT_ONCE = 1_000


@dataclass
class Polled:
    """What one poll of one LMS brought; `failure` when the LMS could not be read to the end."""

    contracts: Taken = field(default_factory=Taken)
    sheets: Taken = field(default_factory=Taken)
    failure: str = ""


def poll(lms: Lms, *, months: list[Month] | None = None, wait: bool = True, progress=None) -> Polled | None:
    """Pull both feeds of `lms` to their ends: contracts, then the sheets of `months` (default: `begun_months`).

    One runner for each LMS at a time: the second waits, or gets None with `wait=False`. An LMS that cannot be read
    is noted on its row and harms no other. Repeatable; killed between two pages it goes on from the last one.
    """
    with OneRunner(LMS, lms.pk, wait=wait) as is_ours:
        if not is_ours:
            return None
        polled = Polled()
        try:
            _poll_feeds(lms, months, polled, progress or (lambda _text: None))
        except HttpError as error:
            polled.failure = f"{type(error).__name__}: {error}"[:500]
        _note(lms, polled.failure)
        return polled


def _poll_feeds(lms: Lms, months: list[Month] | None, polled: Polled, progress: Callable[[str], None]) -> None:
    with LmsClient(lms.url, os.environ.get(lms.token_env, "")) as client:
        for taken in _pull(lms, CONTRACTS, client.contract_pages, take_contracts):
            polled.contracts.add(taken)
            progress(f"{lms.code}: contracts {polled.contracts.new + polled.contracts.changed}")
        polled.contracts.add(replay_contracts(lms))
        for month in months if months is not None else begun_months(dates.today()):
            take = _sheets_of(lms, month)
            for taken in _pull(lms, f"sheets:{month}", lambda after, m=month: client.sheet_pages(m, after), take):
                polled.sheets.add(taken)
                progress(f"{lms.code}: sheets {month} {polled.sheets.new + polled.sheets.changed}")
        polled.sheets.add(replay_sheets(lms))


def _sheets_of(lms: Lms, month: Month):
    known = KnownSheets(lms.pk, month)
    return lambda lms_id, items, now: take_sheets(lms_id, month, items, now, known)


def _pull(lms: Lms, feed: str, pages: Callable[[str], Iterator[Page]], take) -> Iterator[Taken]:
    """Take page after page from the stored cursor on; a cursor that the LMS no longer knows is forgotten once."""
    row = FeedCursor.objects.filter(lms=lms, feed=feed).first() or FeedCursor(lms=lms, feed=feed, cursor="")
    try:
        yield from _pages_taken(lms, row, pages(row.cursor), take)
    except CursorTooOld:
        if not row.cursor:
            raise
        row.cursor = ""
        yield from _pages_taken(lms, row, pages(""), take)


def _pages_taken(lms: Lms, row: FeedCursor, pages: Iterator[Page], take) -> Iterator[Taken]:
    for page in pages:
        with transaction.atomic():
            taken = take(lms.pk, page.items, timezone.now())
            if row.cursor != page.next_cursor or row.pk is None:
                row.cursor = page.next_cursor
                row.save()
        yield taken


def begun_months(today: date) -> list[Month]:
    """The months of today's school years that have begun, and of years that ended less than three months ago."""
    months = set()
    for calendar in SchoolCalendar.objects.all():
        first, last = Month.of(calendar.days.lower), Month.of(calendar.days.upper)
        if calendar.days.lower <= today and (today - calendar.days.upper).days < 92:
            months.update(m for m in Month.range(first, last) if m.first <= today)
    return sorted(months)


def replay_contracts(lms: Lms) -> Taken:
    """Take in contracts that waited for a provider who is there now. Repeatable."""
    return _replay(lms, ItemKind.CONTRACT, UNKNOWN_PROVIDER, Contract, take_contracts)


def replay_sheets(lms: Lms) -> Taken:
    """Take in sheets that waited for a contract that is there now. Repeatable."""
    return _replay(lms, ItemKind.SHEET, UNKNOWN_CONTRACT, Sheet, _take_mixed_sheets)


def _replay(lms: Lms, kind: str, reason: str, item_type: type, take) -> Taken:
    total = Taken()
    ready = [pk for (pk,) in sql.fetch("registry/ready_aside", lms=lms.pk, kind=kind, reason=reason)]
    for start in range(0, len(ready), REPLAYED_AT_ONCE):
        raws = PutAside.objects.filter(pk__in=ready[start : start + REPLAYED_AT_ONCE]).values_list("raw", flat=True)
        items = [msgspec.json.decode(raw, type=item_type) for raw in raws]
        with transaction.atomic():
            total.add(take(lms.pk, items, timezone.now()))
    return total


def _take_mixed_sheets(lms_id: int, items: list[Sheet], now: datetime) -> Taken:
    total = Taken()
    for month in sorted({item.month for item in items}):
        total.add(take_sheets(lms_id, Month.parse(month), [item for item in items if item.month == month], now))
    return total


def _note(lms: Lms, failure: str) -> None:
    lms.polled_at = timezone.now()
    lms.failure, lms.failed_at = failure, lms.polled_at if failure else lms.failed_at
    lms.save(update_fields=["polled_at", "failure", "failed_at"])
