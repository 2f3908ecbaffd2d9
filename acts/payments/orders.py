"""What accepted acts owe: one order for each source with a sum, set off against debts, held while suspended.

Source: contracts/payments.md §8, REG §12.1; worked example in docs/rules/payments.md.
"""

import datetime
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import transaction
from django.db.models import Exists, OuterRef, Sum
from django.db.models.functions import Coalesce

from acts.enums import PAYABLE, SENDABLE, OrderState
from acts.models import Act, PaymentAttempt, PaymentOrder, SetOff
from acts.payments.redeeming import settle_acts
from registry.enums import Source
from registry.ledger import lock_ledger
from schools.models import Issuer, Suspension

ROWS_A_STATEMENT = 1_000
ZERO = Decimal("0.00")


@dataclass
class Debt:
    """An order of a negative sum, and what is left of it to be set off."""

    order: PaymentOrder
    left_kzt: Decimal


@dataclass
class Debts:
    """Debts that wait for a later act, the oldest first, by provider, programme and source.

    Not across programmes: each is an expense of its own in the payer's budget.
    """

    now: datetime.datetime
    waiting: dict[tuple, deque[Debt]] = field(default_factory=dict)
    taken: list[tuple[Debt, PaymentOrder, Decimal]] = field(default_factory=list)

    def add(self, act: Act, order: PaymentOrder, left_kzt: Decimal) -> None:
        """A debt that later acts may take over."""
        self.waiting.setdefault(_account(act, order.source), deque()).append(Debt(order, left_kzt))

    def set_off(self, act: Act, source: str, amount_kzt: Decimal) -> list[tuple[Debt, Decimal]]:
        """What of `amount_kzt` the provider owes already: `(debt, sum)`, the oldest debt first."""
        debts, found = self.waiting.get(_account(act, source), deque()), []
        while debts and amount_kzt > 0:
            debt, part = debts[0], min(debts[0].left_kzt, amount_kzt)
            debt.left_kzt, amount_kzt = debt.left_kzt - part, amount_kzt - part
            found.append((debt, part))
            if not debt.left_kzt:
                debts.popleft()
        return found

    def rows(self) -> list[SetOff]:
        """The set-offs to be written, when all their orders are."""
        return [SetOff(debt=debt.order, order=order, amount_kzt=part, at=self.now) for debt, order, part in self.taken]

    def paid_off(self) -> set[int]:
        """Debts of which nothing is left."""
        return {debt.order.pk for debt, _order, _part in self.taken if not debt.left_kzt}


@transaction.atomic
def make_orders(*, issuer: Issuer, programme: str | None, now: datetime.datetime) -> int:
    """Orders for every accepted act that has none, by date; returns how many. Safe to repeat.

    Acts of sum zero, and those that were set off to nothing, are settled at once. A constant number of queries.
    """
    lock_ledger([issuer.pk])
    acts = _acts_without_orders(issuer, programme)
    debts = _open_debts(issuer, now)
    orders = [order for act in acts for order in _orders_of(act, debts)]
    PaymentOrder.objects.bulk_create(orders, batch_size=ROWS_A_STATEMENT)
    SetOff.objects.bulk_create(debts.rows(), batch_size=ROWS_A_STATEMENT)
    PaymentOrder.objects.filter(pk__in=debts.paid_off()).update(state=OrderState.SET_OFF, changed_at=now)
    settle_acts(issuer_id=issuer.pk, now=now)
    return len(orders)


@transaction.atomic
def hold_and_let_go(*, issuer: Issuer, today: datetime.date, now: datetime.datetime) -> None:
    """The bulk twin of hold() and let_go(): what suspended providers would be paid waits until the suspension ends.

    An order with an attempt under way is past holding. Two queries.
    """
    orders = PaymentOrder.objects.filter(act__close__issuer=issuer)
    suspended = Suspension.objects.filter(days__contains=today).values("provider")
    orders.filter(state=OrderState.HELD).exclude(act__provider__in=suspended).update(
        state=OrderState.PREPARED, changed_at=now
    )
    without_attempt(orders.filter(state__in=SENDABLE, act__provider__in=suspended)).update(
        state=OrderState.HELD, changed_at=now
    )


def due_orders(*, issuer: Issuer, programme: str | None, retry: bool):
    """Orders that may get an attempt now, in the order of their acts; with `retry` those refused or returned, too."""
    states = SENDABLE if retry else (OrderState.PREPARED,)
    orders = PaymentOrder.objects.filter(act__close__issuer=issuer, state__in=states)
    if programme:
        orders = orders.filter(act__state_order__programme=programme)
    return without_attempt(orders).order_by("act__bill_month", "act_id", "source")


def without_attempt(orders):
    """Those of `orders` of which no attempt is under way."""
    return orders.filter(~Exists(PaymentAttempt.objects.filter(order=OuterRef("pk"), is_final=False)))


def held_orders(*, issuer: Issuer, programme: str | None):
    """Orders that wait for the end of a suspension."""
    orders = PaymentOrder.objects.filter(act__close__issuer=issuer, state=OrderState.HELD)
    return orders.filter(act__state_order__programme=programme) if programme else orders


def _acts_without_orders(issuer: Issuer, programme: str | None) -> Iterable[Act]:
    acts = Act.objects.filter(close__issuer=issuer, state__in=PAYABLE)
    if programme:
        acts = acts.filter(state_order__programme=programme)
    without = acts.filter(~Exists(PaymentOrder.objects.filter(act=OuterRef("pk"))))
    return without.select_related("state_order").order_by("bill_month", "pk")


def _open_debts(issuer: Issuer, now: datetime.datetime) -> Debts:
    debts = Debts(now)
    orders = PaymentOrder.objects.filter(act__close__issuer=issuer, state=OrderState.DEBT)
    given = Coalesce(Sum("set_off_by__amount_kzt"), ZERO)
    orders = orders.annotate(given_kzt=given).select_related("act__state_order")
    for order in orders.order_by("act__bill_month", "act_id"):
        debts.add(order.act, order, -order.amount_kzt - order.given_kzt)
    return debts


def _orders_of(act: Act, debts: Debts) -> Iterable[PaymentOrder]:
    for source, amount in ((Source.LOCAL, act.local_kzt), (Source.REPUBLICAN, act.republican_kzt)):
        if not amount:
            continue
        taken = debts.set_off(act, source, amount)
        pay = max(amount, ZERO) - sum((part for _debt, part in taken), ZERO)
        order = PaymentOrder(
            act=act, source=source, amount_kzt=amount, pay_kzt=pay, state=_first_state(amount, pay),
            created_at=debts.now, changed_at=debts.now,
        )  # fmt: skip
        debts.taken += [(debt, order, part) for debt, part in taken]
        if amount < 0:
            debts.add(act, order, -amount)
        yield order


def _first_state(amount: Decimal, pay: Decimal) -> OrderState:
    if amount < 0:
        return OrderState.DEBT
    return OrderState.PREPARED if pay else OrderState.SET_OFF


def _account(act: Act, source: str) -> tuple:
    return act.provider_id, act.state_order.programme, source
