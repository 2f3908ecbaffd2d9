"""The department's money by month, out of the balances that the ledger keeps: some hundred rows whatever its size."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from registry.enums import Account
from registry.models import LedgerBalance
from schools.models import Issuer
from voucher_portal.dates import Month

ZERO = Decimal("0.00")
MILLION = Decimal(1_000_000)


@dataclass
class MonthMoney:
    """What stands on the accounts of one month, KZT; `…_local` and `…_republican` are its sources."""

    reserved: Decimal = ZERO
    written_off: Decimal = ZERO
    redeemed: Decimal = ZERO
    released: Decimal = ZERO
    redeemed_local: Decimal = ZERO
    redeemed_republican: Decimal = ZERO

    @property
    def committed(self) -> Decimal:
        """What the budget limit has to cover."""
        return self.reserved + self.written_off + self.redeemed

    def add(self, balance: LedgerBalance) -> None:
        """Count one balance in."""
        name = balance.account.lower()
        if balance.account == Account.BUDGET:
            return
        setattr(self, name, getattr(self, name) + balance.amount_kzt)
        if balance.account == Account.REDEEMED:
            self.redeemed_local += balance.local_kzt
            self.redeemed_republican += balance.republican_kzt


def balances_of(issuers: Iterable[Issuer]) -> list[LedgerBalance]:
    """Every balance of the issuers. One query."""
    return list(LedgerBalance.objects.filter(issuer__in=issuers))


def by_month(balances: Iterable[LedgerBalance], programmes: Iterable[str]) -> dict[Month, MonthMoney]:
    """The money of each month in which any stands; a month without any is empty."""
    wanted, months = set(programmes), defaultdict(MonthMoney)
    for balance in balances:
        if balance.programme in wanted:
            months[Month.of(balance.month)].add(balance)
    return months


def usual_month(months: Iterable[Month], today) -> Month:
    """The month that people ask about first: the last one that has ended, or the nearest that has money."""
    ended, known = Month.of(today).previous(), sorted(months)
    return min(known, key=lambda month: (month > ended, abs(_distance(month, ended))), default=Month.of(today))


def _distance(one: Month, other: Month) -> int:
    return (one.year - other.year) * 12 + one.number - other.number
