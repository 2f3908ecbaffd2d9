"""A region whose months are closed and whose acts both sides accepted, all by the portal's own services."""

import datetime
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange

from accounts.models import User
from acts.closing import close_month
from acts.models import Act, PaymentOrder
from acts.payments.reconciling import Reconciled, reconcile_payments
from acts.payments.routing import Routed, route_payments
from acts.verification import verify
from acts.workflow import accept_act, submit_act
from registry.enums import Source
from registry.models import Contract, Sheet, VoucherPart
from registry.settling import settle_contracts
from schools.models import Issuer, Provider
from tests.factories import (
    OCTOBER,
    YEAR,
    BudgetFactory,
    ContractFactory,
    IssuerFactory,
    LateFactFactory,
    NormFactory,
    ProviderFactory,
    RuleSetFactory,
    SchoolCalendarFactory,
    SheetFactory,
    StateOrderContractFactory,
    UserFactory,
)
from voucher_portal.dates import ALMATY, Month

TOKEN = "test-token"
LOCAL, REPUBLICAN = Decimal("50668.00"), Decimal("4991.00")
CLOSED_AT = {10: datetime.date(2025, 11, 5), 11: datetime.date(2025, 12, 5), 12: datetime.date(2026, 1, 12)}
NOW = datetime.datetime(2025, 11, 10, 10, 0, tzinfo=ALMATY)
TODAY = NOW.date()


@dataclass
class Region:
    """An issuer with kindergartens; a child there for a whole month earns 50 668 local and 4 991 republican tenge."""

    issuer: Issuer
    providers: list[Provider]
    contracts: dict[int, list[Contract]]
    director: User = field(default_factory=UserFactory)
    officer: User = field(default_factory=UserFactory)

    def close(self, month: int) -> list[Act]:
        """The acts of a month of 2025 in which every child was there every day, unless its sheet says otherwise."""
        first = datetime.date(2025, month, 1)
        for contract in Contract.objects.filter(provider__issuer=self.issuer).exclude(sheets__month=first):
            SheetFactory(contract=contract, month=first)
        forget_temporary_tables()
        day = CLOSED_AT[month]
        now = datetime.datetime.combine(day, datetime.time(9), tzinfo=ALMATY)
        close_month(issuer=self.issuer, programme="preschool", month=Month(2025, month), today=day, now=now)
        return list(Act.objects.filter(bill_month=first, provider__issuer=self.issuer).order_by("number"))

    def accepted(self, month: int) -> list[Act]:
        """`close` the month, and both sides agree on all acts."""
        acts = self.close(month)
        for act in acts:
            self.accept(act)
        return acts

    def accept(self, act: Act) -> None:
        """Both sides of one act."""
        submit_act(act_id=act.pk, by=self.director, now=NOW)
        accept_act(act_id=act.pk, by=self.officer, now=NOW)

    def nobody_came(self, month: int) -> None:
        """A month that is not closed yet earns nothing, but for the children whose sheets are there already."""
        first = datetime.date(2025, month, 1)
        for contract in Contract.objects.filter(provider__issuer=self.issuer).exclude(sheets__month=first):
            SheetFactory(contract=contract, month=first, marks="N" * Month.of(first).days)

    def add_children(self, provider: Provider, count: int) -> None:
        """Children who come to `provider` from October on."""
        self.contracts[provider.pk] = [
            ContractFactory(provider=provider, level="preschool", days=DateRange(OCTOBER, YEAR.upper))
            for _child in range(count)
        ]
        forget_temporary_tables()
        settle_contracts(now=NOW)

    def correct(self, contract: Contract, month: int, *, days: int) -> None:
        """The LMS sends a sheet of a closed month anew: the child was there on its first `days` weekdays only."""
        sheet = Sheet.objects.get(contract=contract, month=datetime.date(2025, month, 1))
        present = [place for place, mark in enumerate(sheet.marks) if mark == "P"]
        sheet.marks = "".join("N" if place in present[days:] else mark for place, mark in enumerate(sheet.marks))
        sheet.version += 1
        sheet.save()
        LateFactFactory(contract=contract, month=sheet.month, reason="SHEET")

    def route(self, **options) -> Routed:
        """`route_payments` on the day of the tests."""
        return route_payments(**({"issuer": self.issuer, "now": NOW, "today": TODAY} | options))


def forget_temporary_tables() -> None:
    """Those of an earlier step end with its transaction, which here is the test's."""
    with connection.cursor() as cursor:
        cursor.execute("DISCARD TEMP")


def reconcile() -> Reconciled:
    """`reconcile_payments` at the time of the tests."""
    return reconcile_payments(now=NOW)


def make_region(*, providers: int = 1, children: int = 2) -> Region:
    """A region before its first close."""
    issuer = IssuerFactory()
    RuleSetFactory(preschool=True)
    SchoolCalendarFactory(preschool=True)
    NormFactory(issuer=issuer, preschool=True)
    for source in Source:
        for year in (2025, 2026):
            BudgetFactory(issuer=issuer, programme="preschool", source=source, year=year)
    region = Region(issuer, [], {})
    for _place in range(providers):
        provider = ProviderFactory(issuer=issuer, preschool=True)
        StateOrderContractFactory(provider=provider)
        region.providers.append(provider)
        region.add_children(provider, children)
    return region


def states(**of) -> list[str]:
    """States of the orders, by act and source."""
    return list(PaymentOrder.objects.filter(**of).order_by("act__number", "source").values_list("state", flat=True))


def parts_of(month: int) -> set[str]:
    """States of all parts of a month of 2025."""
    return set(VoucherPart.objects.filter(month=datetime.date(2025, month, 1)).values_list("state", flat=True))


def act_states() -> list[str]:
    """States of all acts, by number."""
    return list(Act.objects.order_by("number").values_list("state", flat=True))


def broken_rules() -> dict[str, int]:
    """What `verify_ledger` finds."""
    return {name: count for name, count in verify()["rules"].items() if count}


def transfers(treasury) -> dict[str, tuple[str, int]]:
    """What the treasury's own book says of every transfer: its state and its tiyn."""
    rows = treasury.book.rows("SELECT end_to_end_id, state, amount_tiyn FROM transfer ORDER BY rowid")
    return {row["end_to_end_id"]: (row["state"], row["amount_tiyn"]) for row in rows}
