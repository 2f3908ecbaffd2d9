"""Acts with their closes and charges, made by hand: what a month's close leaves behind."""

import datetime
from dataclasses import dataclass, field
from decimal import Decimal

import factory
from django.utils import timezone

from acts.enums import ActEventKind, ActState, ChargeKind
from acts.models import Act, ActEvent, Charge, MonthClose
from registry.models import Contract
from tests.factories import (
    OCTOBER,
    ContractFactory,
    IssuerFactory,
    NormFactory,
    ProviderFactory,
    ReservationFactory,
    StateOrderContractFactory,
    UserFactory,
    VoucherFactory,
)
from voucher_portal.dates import ALMATY, add_months
from voucher_portal.money import share, split_by_source

CLOSED_AT = datetime.datetime(2025, 11, 5, 9, 0, tzinfo=ALMATY)
NOMINAL = Decimal("77222.22")
ZERO = Decimal("0.00")


class MonthCloseFactory(factory.django.DjangoModelFactory):
    """A close that still takes charges; `finish()` it after the last."""

    class Meta:
        model = MonthClose

    issuer = factory.SubFactory(IssuerFactory)
    programme = "school"
    month = OCTOBER
    closed_at = CLOSED_AT


class ActFactory(factory.django.DjangoModelFactory):
    """An act without charges that waits for its provider; traits bring it further on its way."""

    class Meta:
        model = Act

    class Params:
        submitted = factory.Trait(
            state=ActState.TO_CUSTOMER, submitted_by=factory.SubFactory(UserFactory), submitted_at=CLOSED_AT
        )
        returned = factory.Trait(
            submitted=True,
            state=ActState.RETURNED,
            decided_by=factory.SubFactory(UserFactory),
            decided_at=CLOSED_AT,
            return_reason="Нет справок",
        )
        accepted = factory.Trait(
            submitted=True,
            state=ActState.SIGNED,
            decided_by=factory.SubFactory(UserFactory),
            decided_at=CLOSED_AT,
            pay_before=datetime.date(2025, 12, 5),
        )
        paid = factory.Trait(accepted=True, state=ActState.PAID, paid_at=CLOSED_AT)

    number = factory.Sequence(lambda n: f"A-2025-10-{n:04d}")
    provider = factory.SubFactory(ProviderFactory)
    state_order = factory.SubFactory(StateOrderContractFactory, provider=factory.SelfAttribute("..provider"))
    bill_month = OCTOBER
    close = factory.SubFactory(
        MonthCloseFactory,
        issuer=factory.SelfAttribute("..provider.issuer"),
        programme=factory.SelfAttribute("..state_order.programme"),
        month=factory.SelfAttribute("..bill_month"),
    )
    drawn_up_on = datetime.date(2025, 11, 5)
    children = 0
    paid_days = 0
    amount_kzt = factory.LazyAttribute(lambda act: act.local_kzt + act.republican_kzt)
    local_kzt = ZERO
    republican_kzt = ZERO
    state = ActState.TO_PROVIDER


@dataclass
class Line:
    """One charge to be: whole days of a nominal, split like the norm of its contract. A refund mirrors `reverses`."""

    contract: Contract
    kind: str = ChargeKind.ORIGINAL
    month: datetime.date = OCTOBER
    paid_days: int = 18
    study_days: int = 18
    nominal_kzt: Decimal = NOMINAL
    reverses: Charge | None = None
    local_kzt: Decimal = field(init=False)
    republican_kzt: Decimal = field(init=False)

    def __post_init__(self):
        if self.reverses:
            self.kind, self.month = ChargeKind.REFUND, self.reverses.service_month
            self.paid_days, self.study_days = self.reverses.paid_days, self.reverses.study_days
            self.local_kzt, self.republican_kzt = -self.reverses.local_kzt, -self.reverses.republican_kzt
        else:
            norm, amount = self.contract.norm, share(self.nominal_kzt, self.paid_days, 0, self.study_days)
            self.local_kzt, self.republican_kzt = split_by_source(amount, norm.local_kzt, norm.total_kzt)


def enrolled(count: int, *, provider=None, **fields) -> list[Contract]:
    """`count` funded contracts of one provider under one norm, each with its voucher."""
    provider = provider or ProviderFactory()
    level = fields.setdefault("level", "primary")
    norm = fields.pop("norm", None) or NormFactory(
        issuer=provider.issuer, programme=provider.programmes[0], level=level, area=provider.area
    )
    return [ContractFactory(provider=provider, funded=True, norm=norm, **fields) for _ in range(count)]


def draw_up(lines: list[Line], *, month: datetime.date = OCTOBER, state_order=None, **fields) -> Act:
    """The act of `lines` in a finished close, with the totals that the database asks for."""
    provider = lines[0].contract.provider
    local = sum((line.local_kzt for line in lines), ZERO)
    act = ActFactory(
        provider=provider,
        state_order=state_order or StateOrderContractFactory(provider=provider),
        bill_month=month,
        children=len({line.contract.child_id for line in lines}),
        paid_days=sum(-line.paid_days if line.reverses else line.paid_days for line in lines),
        local_kzt=local,
        republican_kzt=sum((line.republican_kzt for line in lines), ZERO),
        **fields,
    )
    Charge.objects.bulk_create([_charge(act, line) for line in lines])
    ActEvent.objects.create(act=act, kind=ActEventKind.DRAWN_UP, happened_at=act.close.closed_at)
    MonthClose.objects.filter(pk=act.close_id).update(finished_at=timezone.now())
    return act


def _charge(act: Act, line: Line) -> Charge:
    return Charge(
        close=act.close,
        act=act,
        contract=line.contract,
        voucher=_reserved(line).voucher,
        service_month=line.month,
        bill_month=act.bill_month,
        kind=line.kind,
        study_days=line.study_days,
        paid_days=line.paid_days,
        nominal_kzt=line.nominal_kzt,
        amount_kzt=line.local_kzt + line.republican_kzt,
        local_kzt=line.local_kzt,
        republican_kzt=line.republican_kzt,
        reverses=line.reverses,
    )


def _reserved(line: Line):
    found = line.contract.reservations.filter(month=line.month).first()
    if found:
        return found
    contract, voucher = line.contract, line.contract.child.vouchers.first()
    voucher = voucher or VoucherFactory(
        child=contract.child, issuer=contract.provider.issuer, programme=contract.programme
    )
    order = contract.provider.state_orders.first() or StateOrderContractFactory(provider=contract.provider)
    return ReservationFactory(contract=contract, month=line.month, voucher=voucher, state_order=order)


def act_with(count: int, **fields) -> Act:
    """An act of October with `count` children who were there every day."""
    return draw_up([Line(contract) for contract in enrolled(count)], **fields)


def act_with_corrections(*, billed_late: int = 1, full: int = 1) -> Act:
    """October's act of a provider whose September was recalculated: from 18 to 16 days for one child, taken back for
    another, billed late for `billed_late` more; `full` children have an ordinary October.
    """
    september = add_months(OCTOBER, -1)
    changed, gone, *rest = enrolled(2 + billed_late + full)
    order = StateOrderContractFactory(provider=changed.provider)
    before = draw_up([Line(changed, month=september), Line(gone, month=september)], month=september, state_order=order)
    first, second = before.charges.order_by("pk")
    corrections = [
        Line(changed, reverses=first),
        Line(changed, kind=ChargeKind.CORRECTION, month=september, paid_days=16),
        Line(gone, reverses=second),
        *[Line(contract, month=september) for contract in rest[:billed_late]],
    ]
    ordinary = [Line(contract) for contract in [changed, *rest[billed_late:]]]
    return draw_up(corrections + ordinary, state_order=order)
