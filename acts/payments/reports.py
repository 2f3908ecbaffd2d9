"""A page of the gateway's feed: stored once, applied in its order, its cursor in the same transaction.

Reports come at least once, late and in any order; whatever the order, the same reports leave the same state.
Source: contracts/payments.md §3-§5 and §8.
"""

import datetime
import hashlib
from collections import Counter
from dataclasses import dataclass, field

from django.db import transaction

from acts.enums import EntryProblem, OrderState
from acts.models import BookedEntry, TreasuryCursor, TreasuryReport
from acts.payments.redeeming import Redeemed, reopen_acts, settle_acts
from acts.payments.standings import Standings
from integrations.safe_xml import BadMessage
from integrations.treasury import camt054, messages, pain002
from integrations.treasury.client import Page, Report
from registry.ledger import lock_ledger

FEED = "reports"
MOST_PROBLEM = 300
ROWS_A_STATEMENT = 1_000
READERS = {"pain.002": pain002.parse, "camt.054": camt054.parse}


@dataclass
class Answers:
    """What the treasury's answers did: orders by their new state, parts redeemed, and what has to be looked at."""

    orders: Counter = field(default_factory=Counter)
    redeemed: Redeemed = field(default_factory=Redeemed)
    problems: list[str] = field(default_factory=list)

    def add(self, other: "Answers") -> None:
        """Count `other` in."""
        self.orders += other.orders
        self.redeemed.add(other.redeemed)
        self.problems += other.problems


@dataclass
class Received:
    """One report of the page as it will be stored, with what was read in it (None: nothing could be)."""

    row: TreasuryReport
    content: messages.StatusReport | messages.Notification | None = None


def stored_cursor() -> str | None:
    """How far the feed was read; None before the first page."""
    return TreasuryCursor.objects.filter(feed=FEED).values_list("cursor", flat=True).first()


def forget_cursor() -> None:
    """Begin the feed anew: what was stored before is known and changes nothing."""
    TreasuryCursor.objects.filter(feed=FEED).delete()


@transaction.atomic
def apply_page(page: Page, *, now: datetime.datetime) -> Answers:
    """Store the reports of a page that are new, apply them, redeem what is settled, and keep the cursor.

    The number of queries grows with neither reports nor orders, only with issuers that are paid.
    """
    received = _new_ones(
        [*map(_read, page.items), *(_unreadable(broken.raw, broken.reason) for broken in page.broken)]
    )
    answers = _apply(received, now) if received else Answers()
    TreasuryCursor.objects.update_or_create(feed=FEED, defaults={"cursor": page.next_cursor, "stored_at": now})
    return answers


def _read(report: Report) -> Received:
    row = TreasuryReport(
        report_id=report.report_id, kind=report.kind, xml=report.xml.decode(), sha256=_sha256(report.xml)
    )
    try:
        content = READERS[report.kind](report.xml)
    except BadMessage as error:
        row.problem = error.reason[:MOST_PROBLEM]
        return Received(row)
    row.report_id = content.report_id
    return Received(row, content)


def _unreadable(raw: str, reason: str) -> Received:
    sha256 = _sha256(raw.encode())
    return Received(TreasuryReport(report_id="", kind="", xml=raw, sha256=sha256, problem=reason[:MOST_PROBLEM]))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _new_ones(received: list[Received]) -> list[Received]:
    """Without those that are stored already, and without what the page itself repeats. One query."""
    by_key = {(one.row.report_id, one.row.sha256): one for one in reversed(received)}
    hashes = [sha256 for _name, sha256 in by_key]
    known = TreasuryReport.objects.filter(sha256__in=hashes).values_list("report_id", "sha256")
    new = by_key.keys() - set(known)
    return [one for key, one in reversed(by_key.items()) if key in new]


def _apply(received: list[Received], now: datetime.datetime) -> Answers:
    reports = [one.content for one in received if isinstance(one.content, messages.StatusReport)]
    entries = [entry for one in received for entry in _entries(one)]
    standings = Standings((report.original_msg_id for report in reports), entries)
    issuers = standings.issuers()
    lock_ledger(issuers)  # before any row: the ledger comes first everywhere
    standings.load()
    booked = _take(received, standings, now)
    TreasuryReport.objects.bulk_create([one.row for one in received], batch_size=ROWS_A_STATEMENT)
    BookedEntry.objects.bulk_create(booked, batch_size=ROWS_A_STATEMENT)
    answers = Answers(orders=standings.store(now), problems=_problems(received, booked))
    for issuer_id, order_ids in standings.returned_orders().items():
        reopen_acts(issuer_id=issuer_id, order_ids=order_ids, now=now)
    for issuer_id in issuers if answers.orders[OrderState.PAID] else ():
        answers.redeemed.add(settle_acts(issuer_id=issuer_id, now=now))
    return answers


def _entries(one: Received) -> tuple[messages.BookedEntry, ...]:
    """Money that moved; what is pending or for information is none."""
    notification = one.content
    return notification.booked + notification.doubtful if isinstance(notification, messages.Notification) else ()


def _take(received: list[Received], standings: Standings, now: datetime.datetime) -> list[BookedEntry]:
    """Apply the reports one after another; returns the entries to be stored."""
    keys = [entry.key for one in received for entry in _entries(one)]
    known = set(BookedEntry.objects.filter(key__in=keys).values_list("key", flat=True))
    booked = []
    for one in received:
        one.row.received_at = now
        if isinstance(one.content, messages.StatusReport):
            one.row.problem = "; ".join(standings.take_report(one.content))[:MOST_PROBLEM]
        for entry in _entries(one):
            if entry.key not in known:
                known.add(entry.key)
                booked.append(_booked(entry, one, standings))
    return booked


def _booked(entry: messages.BookedEntry, one: Received, standings: Standings) -> BookedEntry:
    standing = standings.meant_by(entry)
    if entry.doubt:
        problems = [entry.doubt]
    elif standing is None:
        problems = [EntryProblem.UNKNOWN_TRANSFER]
    else:
        problems = standing.take_entry(entry)
    return BookedEntry(
        key=entry.key,
        report=one.row,
        attempt=standing and standing.attempt,
        is_return=entry.is_return,
        amount_kzt=entry.amount,
        booked_on=entry.booked_on or entry.valued_on or one.content.created_at.date(),
        problem=",".join(problems),
    )


def _problems(received: list[Received], booked: list[BookedEntry]) -> list[str]:
    reports = [f"{one.row.report_id or one.row.sha256}: {one.row.problem}" for one in received if one.row.problem]
    return reports + [f"{entry.key}: {entry.problem}" for entry in booked if entry.problem]
