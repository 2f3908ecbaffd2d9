"""What happened to a payment order, in the order of time, out of its own rows."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from acts.models import PaymentOrder
from voucher_portal.words import day, kzt


@dataclass(frozen=True)
class Event:
    """One event: when, what, and what else is known of it."""

    at: datetime.datetime
    text: str
    note: str = ""


def history_of(order: PaymentOrder) -> list[Event]:
    """The whole history. Three queries."""
    return sorted([*_of_attempts(order), *_of_set_offs(order)], key=lambda event: event.at)


def _of_attempts(order: PaymentOrder) -> Iterator[Event]:
    yield Event(order.created_at, _("The order was made"), kzt(order.amount_kzt))
    for attempt in order.attempts.select_related("file").prefetch_related("entries__report"):
        yield Event(attempt.file.created_at, _("Put into a file"), attempt.file.msg_id)
        if attempt.file.sent_at:
            yield Event(attempt.file.sent_at, _("The treasury took the file"), attempt.file.msg_id)
        if attempt.file.refused:
            yield Event(attempt.file.asked_at or attempt.file.created_at, _("The treasury refused the file"),
                        attempt.file.refused)  # fmt: skip
        if attempt.status_at:
            yield Event(attempt.status_at, _("The treasury reported a status"), attempt.status)
        for entry in attempt.entries.all():
            text = _("The money came back") if entry.is_return else _("The treasury booked the payment")
            yield Event(entry.report.received_at, text, f"{kzt(entry.amount_kzt)}, {day(entry.booked_on)}")


def _of_set_offs(order: PaymentOrder) -> Iterator[Event]:
    for each in order.set_offs.select_related("debt__act"):
        yield Event(each.at, _("A debt was taken off"), f"{each.debt.act.number}: {kzt(each.amount_kzt)}")
    for each in order.set_off_by.select_related("order__act"):
        yield Event(each.at, _("Set off against a later act"), f"{each.order.act.number}: {kzt(each.amount_kzt)}")
