"""What the department sees of a close: which months can be closed, its numbers before and after, and its stages."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django import forms
from django.db.models import Count, Exists, OuterRef, Q, Sum
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from acts.closing_progress import Progress
from acts.department_pages.remembering import remembered
from acts.enums import ChargeKind, CloseStage
from acts.models import Charge, MonthClose
from registry.models import ClosedThrough, LateFact, LedgerBalance, Reservation
from schools.enums import Programme
from schools.models import Issuer
from voucher_portal import sql, words
from voucher_portal.dates import Month
from voucher_portal.listing import Column, Listing

STAGES = [stage for stage in CloseStage if stage != CloseStage.DONE]
NOT_CHARGED = {
    "NO_SHEET": _("There is no sheet for the month"),
    "SHEET_NOT_APPROVED": _("The sheet is not approved"),
    "NO_PRESENCE": _("The child was not there often enough"),
    "NO_PAID_DAYS": _("No day of the sheet is paid"),
}
LATE_REASONS = {
    "SHEET": _("The sheet came or changed after the close"),
    "CONTRACT": _("The contract came or changed after the close"),
}
A_DAY = 24 * 3600  # seconds


@dataclass(frozen=True)
class Closable:
    """A month that has ended and is open, with everything before it that is open too."""

    issuer: Issuer
    programme: Programme
    month: Month

    @property
    def url(self) -> str:
        return reverse("department:close_month", args=[self.issuer.code, self.programme.value, str(self.month)])


def closable(issuers: Iterable[Issuer], balances: Iterable[LedgerBalance], today: datetime.date) -> list[Closable]:
    """The months that can be closed now, by issuer and programme, the earliest first. One query."""
    closed = {(row.issuer_id, row.programme): row.month for row in ClosedThrough.objects.filter(issuer__in=issuers)}
    ended = Month.of(today).previous().first
    open_months = {
        (balance.issuer_id, balance.programme, balance.month)
        for balance in balances
        if closed.get((balance.issuer_id, balance.programme), datetime.date.min) < balance.month <= ended
    }
    by_id = {issuer.pk: issuer for issuer in issuers}
    found = [Closable(by_id[pk], Programme(programme), Month.of(month)) for pk, programme, month in open_months]
    return sorted(found, key=lambda each: (each.issuer.code, each.programme.value, each.month))


@dataclass(frozen=True)
class Reason:
    """Something with its reason: how many contracts."""

    code: str
    text: str | Promise
    count: int


@dataclass(frozen=True)
class Summary:
    """The numbers of a close, as its preview and its result have them. Sums in KZT."""

    acts: int
    children: int
    amount: Decimal
    local: Decimal
    republican: Decimal
    older: Decimal
    released: Decimal
    charges: dict[str, int]
    not_charged: list[Reason]

    @classmethod
    def of(cls, result: dict) -> "Summary":
        """From what `acts.closing` returns."""
        names = {"amount": "amount_kzt", "local": "local_kzt", "republican": "republican_kzt"}
        names |= {"older": "older_kzt", "released": "released_kzt"}
        return cls(
            acts=result["acts"],
            children=result["children"],
            charges=result["charges"],
            not_charged=[
                Reason(code, NOT_CHARGED.get(code, code), count) for code, count in result["not_charged"].items()
            ],
            **{name: Decimal(result[key]) for name, key in names.items()},
        )

    @property
    def contracts_not_charged(self) -> int:
        """Contracts that earn nothing, for whatever reason."""
        return sum(reason.count for reason in self.not_charged)

    @property
    def is_correcting(self) -> bool:
        """Whether older months are billed too."""
        return bool(self.older or self.charges["REFUND"] or self.charges["CORRECTION"])


@dataclass(frozen=True)
class BudgetLeft:
    """What may still be reserved from one source in a financial year, KZT."""

    year: int
    source: str
    limit: Decimal
    left: Decimal


def budgets_left(issuer: Issuer, programme: str, month: Month) -> list[BudgetLeft]:
    """The budgets of the month's financial year, by source. Two queries."""
    limits = dict(
        issuer.budgets.filter(programme=programme, year=month.year)
        .order_by("source")
        .values_list("source", "limit_kzt")
    )
    left = {tuple(row[:4]): row[4] for row in sql.fetch("registry/budgets_left")}
    key = issuer.pk, programme, month.year
    return [BudgetLeft(month.year, source, limit, left[*key, source]) for source, limit in limits.items()]


@dataclass(frozen=True)
class LateMonth:
    """Facts of an older month that came late: why, and how many contracts."""

    month: datetime.date
    reason: str | Promise
    count: int


def late_months(issuer: Issuer, programme: str, *, billed_at: datetime.datetime | None) -> list[LateMonth]:
    """Late facts that a close billed, or that wait for the next one (None), by month and reason. One query."""
    found = LateFact.objects.filter(issuer=issuer, programme=programme, billed_at=billed_at)
    if billed_at is None:  # only a month that holds a reservation can be billed anew
        held = Reservation.objects.filter(contract=OuterRef("contract"), month=OuterRef("month"), issuer=issuer)
        found = found.filter(Exists(held), month__lte=_closed_through(issuer, programme))
    rows = found.values_list("month", "reason").annotate(count=Count("pk")).order_by("month", "reason")
    return [LateMonth(month, LATE_REASONS.get(reason, reason), count) for month, reason, count in rows]


def _closed_through(issuer: Issuer, programme: str):
    return ClosedThrough.objects.filter(issuer=issuer, programme=programme).values("month")


@dataclass(frozen=True)
class OlderMonth:
    """What a close billed for an older month: lines by kind, and their sum in KZT."""

    month: datetime.date
    originals: int
    refunds: int
    corrections: int
    amount: Decimal


def older_months(close: MonthClose) -> list[OlderMonth]:
    """The older months of a close. It never changes, so it is counted once a day. No query, or one."""
    return remembered(f"close-older:{close.pk}", A_DAY, lambda: _count_older_months(close))


def _count_older_months(close: MonthClose) -> list[OlderMonth]:
    kinds = {
        name: Count("pk", filter=Q(kind=kind))
        for name, kind in (
            ("originals", ChargeKind.ORIGINAL), ("refunds", ChargeKind.REFUND), ("corrections", ChargeKind.CORRECTION),
        )
    }  # fmt: skip
    rows = Charge.objects.filter(act__close=close, service_month__lt=close.month).values("service_month")
    rows = rows.annotate(amount=Sum("amount_kzt"), **kinds).order_by("service_month")
    return [
        OlderMonth(row["service_month"], row["originals"], row["refunds"], row["corrections"], row["amount"])
        for row in rows
    ]


@dataclass(frozen=True)
class StageLine:
    """One stage of a running close."""

    label: str | Promise
    colour: str
    text: str
    is_current: bool


def stage_lines(progress: Progress, now: datetime.datetime) -> list[StageLine]:
    """Every stage in order: done in how many seconds, running, or ahead."""
    begun = [stage for stage in STAGES if stage.value in progress.stages]
    lines = []
    for stage in STAGES:
        if stage not in begun:
            lines.append(StageLine(stage.label, "active", "", False))
            continue
        place, at = begun.index(stage), progress.stages[stage.value]
        is_last = place + 1 == len(begun)
        until = now if is_last else progress.stages[begun[place + 1].value]
        seconds = max(int((until - at).total_seconds()), 0)
        text = ngettext("%(count)s second", "%(count)s seconds", seconds) % {"count": seconds}
        lines.append(StageLine(stage.label, "reserved" if is_last else "redeemed", text, is_last))
    return lines


class ConfirmForm(forms.Form):
    """What was seen when the button was pressed: a close of other numbers needs another look."""

    seen = forms.CharField(widget=forms.HiddenInput, max_length=80)

    @staticmethod
    def token(summary: Summary) -> str:
        """The numbers that are confirmed."""
        return f"{summary.children} {summary.local} {summary.republican}"


class CloseList(Listing):
    """Months that are closed."""

    title = _("Closed months")
    name = "closed-months"
    order = "-month"
    rows_a_page = 12
    empty = _("Closed months will appear here with their results.")
    columns = [
        Column(
            "month", _("Month"), "month", show=words.month_words, sort="month", on_phone=True,
            link=lambda close: reverse(
                "department:close_month", args=[close.issuer.code, close.programme, f"{close.month:%Y-%m}"]
            ),
        ),
        Column("programme", _("Programme"), "get_programme_display", sort="programme", on_phone=True),
        Column("children", _("Children"), lambda close: close.result.get("children"), show=words.number,
               is_number=True),
        Column("acts", _("Acts"), lambda close: close.result.get("acts"), show=words.number, is_number=True),
        Column("amount", _("Amount"), lambda close: Decimal(close.result.get("amount_kzt", 0)), show=words.kzt,
               is_number=True, on_phone=True),
        Column("closed_at", _("Closed"), "closed_at", show=words.moment, sort="closed_at"),
        Column("closed_by", _("By"), lambda close: close.closed_by and close.closed_by.short_name),
    ]  # fmt: skip
