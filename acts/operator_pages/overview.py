"""What the operator asks first: payment orders by state, what is held and why, what nobody knows, the next run."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from celery.schedules import crontab, maybe_schedule, schedule
from django.conf import settings
from django.db.models import Count, Min, Sum
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import User
from acts.enums import PAYABLE, OrderState
from acts.models import Act, BookedEntry, PaymentOrder, TreasuryReport
from acts.payments.orders import due_orders
from schools.enums import SuspensionGround
from schools.models import Issuer, Suspension
from voucher_portal import dates
from voucher_portal.words import moment

ZERO = Decimal("0.00")
HALF_A_MINUTE = datetime.timedelta(seconds=30)


@dataclass(frozen=True)
class StateLine:
    """The orders of one state: how many, their sums in KZT, since when the oldest is in it."""

    state: OrderState
    count: int
    amount: Decimal
    pay: Decimal
    since: datetime.datetime


def lines_by_state(user: User) -> list[StateLine]:
    """One line for each state that has orders, in the order of the way. One query."""
    found = PaymentOrder.objects.visible_to(user).order_by().values("state")
    rows = {
        row["state"]: StateLine(OrderState(row["state"]), row["count"], row["amount"], row["pay"], row["since"])
        for row in found.annotate(
            count=Count("pk"), amount=Sum("amount_kzt"), pay=Sum("pay_kzt"), since=Min("changed_at")
        )
    }
    return [rows[state] for state in OrderState if state in rows]


def line_of(lines: Iterable[StateLine], state: OrderState) -> StateLine | None:
    """The line of one state, None without orders."""
    return next((line for line in lines if line.state == state), None)


@dataclass(frozen=True)
class Held:
    """Orders that are held for one ground."""

    ground: str
    count: int
    pay: Decimal


def held_by_ground(user: User) -> list[Held]:
    """Held orders by the ground of today's suspension; an order held for two grounds stands in both. One query."""
    held = PaymentOrder.objects.visible_to(user).filter(
        state=OrderState.HELD, act__provider__suspensions__days__contains=dates.today()
    )
    rows = held.order_by().values_list("act__provider__suspensions__ground").annotate(Count("pk"), Sum("pay_kzt"))
    return [Held(str(SuspensionGround(ground).label), count, pay) for ground, count, pay in rows]


def differences() -> int:
    """Entries and reports of the treasury that fit no order of ours. Two queries."""
    return BookedEntry.objects.exclude(problem="").count() + TreasuryReport.objects.exclude(problem="").count()


@dataclass(frozen=True)
class Due:
    """What a run would send now: orders that are ready, and accepted acts whose orders it makes first. KZT."""

    orders: int
    pay: Decimal
    acts: int
    acts_sum: Decimal

    @property
    def is_something(self) -> bool:
        """Whether a run has anything to send."""
        return bool(self.orders or self.acts)


def due_now(issuers: Iterable[Issuer]) -> Due:
    """Orders that may get an attempt, those of suspended providers left out. Two queries for an issuer."""
    suspended = Suspension.objects.filter(days__contains=dates.today()).values("provider")
    found = Due(0, ZERO, 0, ZERO)
    for issuer in issuers:
        ready = due_orders(issuer=issuer, programme=None, retry=True).exclude(act__provider__in=suspended)
        orders = ready.order_by().aggregate(count=Count("pk"), pay=Sum("pay_kzt", default=ZERO))
        new = Act.objects.filter(provider__issuer=issuer, state__in=PAYABLE, orders=None)
        acts = new.exclude(provider__in=suspended).aggregate(count=Count("pk"), sum=Sum("amount_kzt", default=ZERO))
        found = Due(
            found.orders + orders["count"],
            found.pay + orders["pay"],
            found.acts + acts["count"],
            found.acts_sum + acts["sum"],
        )
    return found


RUNS = {
    "acts.payment_tasks.send_all_due_payments": _("Next sending to the treasury"),
    "acts.payment_tasks.ask_treasury": _("Questions to the treasury"),
}


def next_runs() -> list[tuple[str, str]]:
    """When the schedule starts the runs of payments: at what time, or how often."""
    return [
        (str(RUNS[entry["task"]]), _when(maybe_schedule(entry["schedule"])))
        for entry in settings.CELERY_BEAT_SCHEDULE.values()
        if entry["task"] in RUNS
    ]


def _when(runs: schedule) -> str:
    if isinstance(runs, crontab):
        now = runs.now()
        return moment(now + runs.remaining_estimate(now) + HALF_A_MINUTE)  # the estimate falls short by less
    minutes = int(runs.run_every.total_seconds() // 60)
    return ngettext("every %(count)s minute", "every %(count)s minutes", minutes) % {"count": minutes}
