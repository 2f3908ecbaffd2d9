"""A school whose contracts are settled and whose months are closed by the portal's own services, not by hand."""

import datetime
from dataclasses import dataclass, field

from accounts.models import User
from acts.closing import close_month
from acts.models import Act
from registry.enums import Account, EntryReason
from registry.ledger import lock_ledger
from registry.models import Contract, LedgerEntry, RuleSet, Sheet, Voucher, VoucherPart
from registry.settling import settle_contracts
from schools.models import Provider
from tests.acts.factories import ActFactory
from tests.acts.paying import forget_temporary_tables
from tests.factories import (
    OCTOBER,
    BudgetFactory,
    ContractFactory,
    NormFactory,
    ProviderFactory,
    RuleSetFactory,
    SchoolCalendarFactory,
    SheetFactory,
    StateOrderContractFactory,
    UserFactory,
)
from voucher_portal.dates import ALMATY, Month

NOW = datetime.datetime(2025, 9, 3, 10, 0, tzinfo=ALMATY)
CLOSED_AT = datetime.datetime(2025, 12, 5, 10, 0, tzinfo=ALMATY)
# October 2025 has study days 1-3, 6-10, 13-17 and 20-24.
OFF = {4, 5, 11, 12, 18, 19, 25, 26, 27, 28, 29, 30, 31}


@dataclass
class School:
    """A provider with a state order, a norm of 695 000 tenge a year and budget; `director` speaks `language`."""

    language: str = "ru"
    provider: Provider = field(default_factory=ProviderFactory)

    def __post_init__(self):
        provider = self.provider
        if not RuleSet.objects.filter(programme="school").exists():
            RuleSetFactory()
            SchoolCalendarFactory()
        for year in (2025, 2026):
            if not provider.issuer.budgets.filter(year=year).exists():
                BudgetFactory(issuer=provider.issuer, year=year)
        if not provider.issuer.norms.exists():
            NormFactory(issuer=provider.issuer)
        self.order = StateOrderContractFactory(provider=provider)
        self.director = self.employ("provider_director")

    def employ(self, role: str) -> User:
        """A person with that role here."""
        return UserFactory(language=self.language, **{role: True}, membership__organisation=self.provider.organisation)

    def enrol(self, count: int = 1, **fields) -> list[Contract]:
        """`count` new contracts, decided on."""
        contracts = [ContractFactory(provider=self.provider, **fields) for _ in range(count)]
        settle()
        for contract in contracts:
            contract.refresh_from_db()
        return contracts

    def act(self, **fields) -> Act:
        """An act without charges, made by hand."""
        return ActFactory(provider=self.provider, state_order=self.order, **fields)

    def close(self, month: datetime.date = OCTOBER) -> list[Act]:
        """Close a month with everything before it; its acts of this provider."""
        forget_temporary_tables()
        close_month(
            issuer=self.provider.issuer,
            programme="school",
            month=Month.of(month),
            today=CLOSED_AT.date(),
            now=CLOSED_AT,
        )
        return list(Act.objects.filter(provider=self.provider, bill_month=month))


def settle() -> None:
    """Decide on every contract that waits."""
    forget_temporary_tables()
    settle_contracts(now=NOW)


def october(**days: str) -> str:
    """Marks of October 2025: present on every study day but those named: `october(N="6 7", S="8")`."""
    by_day = {int(day): mark for mark, text in days.items() for day in text.split()}
    return "".join(by_day.get(day, "H" if day in OFF else "P") for day in range(1, 32))


def hand_in(contract: Contract, marks: str = "", **fields) -> Sheet:
    """An approved sheet of October."""
    return SheetFactory(contract=contract, marks=marks or october(), **fields)


def voucher_of(contract: Contract) -> Voucher:
    """The voucher of the contract's child."""
    return Voucher.objects.get(child=contract.child_id, programme=contract.programme)


def redeem(act: Act) -> None:
    """What the treasury's confirmation of all its orders leaves: the act, its parts, the ledger."""
    lock_ledger([act.provider.issuer_id])
    for charge in act.charges.all():
        LedgerEntry.objects.create(
            issuer=act.provider.issuer,
            voucher=charge.voucher,
            month=charge.service_month,
            contract=charge.contract,
            from_account=Account.WRITTEN_OFF,
            to_account=Account.REDEEMED,
            amount_kzt=charge.amount_kzt,
            local_kzt=charge.local_kzt,
            republican_kzt=charge.republican_kzt,
            act_id=act.pk,
            at=CLOSED_AT,
            reason=EntryReason.PAID,
        )
        part = VoucherPart.objects.get(voucher=charge.voucher, month=charge.service_month)
        part.redeem()
        part.save(update_fields=["state"])
