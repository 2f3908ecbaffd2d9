"""The ledger beside acts, payment orders and the treasury's own book, by programme and source: do they add up?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from django.db.models import Q, QuerySet, Sum

from acts.demo.errors import DemoError
from acts.enums import IN_FLIGHT, ActState, ChargeKind, OrderState
from acts.models import Act, Charge, PaymentAttempt, PaymentOrder
from registry.enums import Account, Source
from registry.models import LedgerBalance
from schools.enums import Programme
from schools.models import Issuer

ACT_PROGRAMME = "state_order__programme"
ZERO = Decimal("0.00")
TIYN = Decimal("0.01")
SOURCE_OF_WIRE = {"MB": Source.LOCAL, "RB": Source.REPUBLICAN}


@dataclass(frozen=True)
class Money:
    """A sum by source, in tenge."""

    local: Decimal = ZERO
    republican: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """Both sources."""
        return self.local + self.republican

    def __add__(self, other: Self) -> Self:
        return type(self)(self.local + other.local, self.republican + other.republican)

    def __neg__(self) -> Self:
        return type(self)(-self.local, -self.republican)


ByProgramme = Mapping[str, Money]


@dataclass(frozen=True)
class Check:
    """Two sums that must be equal, to the tiyn, in each programme and source."""

    what: str
    left: ByProgramme
    right: ByProgramme

    @property
    def holds(self) -> bool:
        """Whether they are."""
        return all(self.left[programme] == self.right[programme] for programme in Programme.values)


@dataclass(frozen=True)
class Sums:
    """Everything that is compared, by programme.

    `taken_back`: refunds (negative) of paid charges by acts that are not paid yet; the ledger has them at the close.
    `unread`: booked by the treasury and not yet known to the portal.
    """

    accounts: Mapping[str, ByProgramme]
    acts: ByProgramme
    paid_acts: ByProgramme
    taken_back: ByProgramme
    paid_orders: ByProgramme
    paid_of_open_acts: ByProgramme
    set_off: ByProgramme
    booked: ByProgramme
    unread: ByProgramme

    def checks(self) -> list[Check]:
        """What has to be equal, whatever has happened."""
        accounts, nothing = self.accounts, dict.fromkeys(Programme.values, Money())
        charged = added(accounts[Account.WRITTEN_OFF], accounts[Account.REDEEMED])
        earned = added(self.paid_orders, negated(self.paid_of_open_acts), self.set_off)
        return [
            Check("Журнал: сумма всех счетов = 0", added(*accounts.values()), nothing),
            Check("Списано + погашено = все акты", charged, self.acts),
            Check("Погашено = оплаченные акты + снятия неоплаченных",
                  accounts[Account.REDEEMED], added(self.paid_acts, self.taken_back)),
            Check("Оплаченные акты = платежи по ним + зачёты", self.paid_acts, earned),
            Check("Платежи портала + ещё не прочитанные = книга казначейства",
                  added(self.paid_orders, self.unread), self.booked),
        ]  # fmt: skip


def sums_of(issuer: Issuer, book: Mapping) -> Sums:
    """The sums of an issuer beside the treasury's `book`. A dozen queries.

    Raises:
        DemoError: the book has a payment that the portal never ordered.
    """
    orders = PaymentOrder.objects.filter(act__provider__issuer=issuer)
    paid = orders.filter(state=OrderState.PAID)
    settled = orders.filter(act__state=ActState.PAID)
    acts = Act.objects.filter(provider__issuer=issuer)
    gross, net = _by_source(settled, "amount_kzt"), _by_source(settled, "pay_kzt")
    return Sums(
        accounts=_accounts(issuer),
        acts=_columns(acts, ACT_PROGRAMME),
        paid_acts=_columns(acts.filter(state=ActState.PAID), ACT_PROGRAMME),
        taken_back=_taken_back(issuer),
        paid_orders=_by_source(paid, "pay_kzt"),
        paid_of_open_acts=_by_source(paid.exclude(act__state=ActState.PAID), "pay_kzt"),
        set_off=added(gross, negated(net)),
        **_of_book(issuer, book),
    )


def added(*sums: ByProgramme) -> ByProgramme:
    """The sum of each programme."""
    return {programme: sum((one[programme] for one in sums), Money()) for programme in Programme.values}


def negated(sums: ByProgramme) -> ByProgramme:
    """Each with the other sign."""
    return {programme: -money for programme, money in sums.items()}


def _accounts(issuer: Issuer) -> Mapping[str, ByProgramme]:
    rows = LedgerBalance.objects.filter(issuer=issuer).values_list("account", "programme")
    found: dict[str, dict[str, Money]] = {account: _nothing() for account in Account.values}
    for account, programme, local, republican in rows.annotate(Sum("local_kzt"), Sum("republican_kzt")).order_by():
        found[account][programme] = Money(local, republican)
    return found


def _taken_back(issuer: Issuer) -> ByProgramme:
    """Refunds of which one side only is paid: that of the charge, or, with the other sign, that of the refund."""
    refunds = Charge.objects.filter(kind=ChargeKind.REFUND, act__provider__issuer=issuer)
    is_paid, was_paid = Q(act__state=ActState.PAID), Q(reverses__act__state=ActState.PAID)
    later = _columns(refunds.filter(was_paid & ~is_paid), f"act__{ACT_PROGRAMME}")
    sooner = _columns(refunds.filter(is_paid & ~was_paid), f"act__{ACT_PROGRAMME}")
    return added(later, negated(sooner))


def _columns(rows: QuerySet, programme: str) -> ByProgramme:
    """The two sums of rows that carry both."""
    rows = rows.values_list(programme).annotate(Sum("local_kzt"), Sum("republican_kzt"))
    return _nothing() | {programme: Money(local, republican) for programme, local, republican in rows.order_by()}


def _by_source(orders: QuerySet, field: str) -> ByProgramme:
    rows = orders.values_list("act__state_order__programme", "source").annotate(Sum(field)).order_by()
    return _gathered(rows)


def _of_book(issuer: Issuer, book: Mapping) -> dict[str, ByProgramme]:
    """What the treasury has booked, and what of it stands on orders that still wait for its answer."""
    attempts = PaymentAttempt.objects.filter(order__act__provider__issuer=issuer)
    programmes = dict(attempts.values_list("end_to_end_id", "order__act__state_order__programme"))
    waiting = set(attempts.filter(order__state__in=IN_FLIGHT, is_final=False).values_list("end_to_end_id", flat=True))
    booked = [
        (transfer["end_to_end_id"], SOURCE_OF_WIRE[transfer["source"]], transfer["amount_tiyn"] * TIYN)
        for transfer in book["transfers"]
        if transfer["state"] == "booked"
    ]
    if strangers := [name for name, _source, _amount in booked if name not in programmes]:
        raise DemoError(f"В книге казначейства есть платёж, которого нет в портале: {strangers[0]}")
    return {
        "booked": _gathered((programmes[name], source, amount) for name, source, amount in booked),
        "unread": _gathered((programmes[name], source, amount) for name, source, amount in booked if name in waiting),
    }


def _gathered(rows: Iterable[tuple[str, str, Decimal]]) -> ByProgramme:
    found = _nothing()
    for programme, source, amount in rows:
        found[programme] += Money(**{source: amount})
    return found


def _nothing() -> dict[str, Money]:
    return dict.fromkeys(Programme.values, Money())
