"""A month of a voucher in words: for each contract the norm's part, the study days, the paid days and the sum."""

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from registry.earnings import ContractMonth, Earning, MonthRules, earn
from registry.enums import SheetStatus
from registry.models import ClosedThrough, LedgerEntry, Reservation, RuleSet, Sheet, StudyMonth, Voucher
from registry.statement import CHARGED, ZERO, balances_of

NEVER = datetime.date.min


@dataclass(frozen=True)
class Reckoning:
    """One contract's month. `charged_kzt` is what the ledger charged; None while the month is open."""

    reservation: Reservation
    sheet: Sheet | None
    earning: Earning
    charged_kzt: Decimal | None

    @property
    def contract(self):
        return self.reservation.contract

    @property
    def total_kzt(self) -> Decimal:
        """What the organisation gets: charged, or what the sheet would earn while the month is open."""
        return self.earning.amount_kzt if self.charged_kzt is None else self.charged_kzt

    @property
    def is_whole_month(self) -> bool:
        return self.reservation.covered_days == self.reservation.study_days

    @property
    def minus_unpaid_kzt(self) -> Decimal:
        """What the unpaid days take off, negative."""
        return self.earning.amount_kzt - self.reservation.reserved_kzt

    @property
    def is_promise(self) -> bool:
        """Whether there is nothing to count yet: the month is open and its sheet has not come."""
        return self.charged_kzt is None and self.sheet is None

    @property
    def is_outdated(self) -> bool:
        """Whether facts have changed since the close, so that the next act will recalculate the month."""
        return self.charged_kzt is not None and self.charged_kzt != self.earning.amount_kzt


def rules_of(programme: str, month: datetime.date) -> MonthRules:
    """The rules of a month of a programme. One query."""
    return MonthRules.of(RuleSet.objects.filter(programme=programme), month)


def closed_through(issuer_ids: Iterable[int], programme: str) -> dict[int, datetime.date]:
    """The last closed month by issuer; one that never closed a month is not there. One query."""
    return dict(
        ClosedThrough.objects.filter(issuer__in=issuer_ids, programme=programme).values_list("issuer", "month")
    )


def study_month(programme: str, month: datetime.date) -> StudyMonth | None:
    """The calendar of a month, or None where there is none. One query."""
    return StudyMonth.objects.filter(programme=programme, month=month).first()


def contract_month(
    reservation: Reservation, sheet: Sheet | None, starts_on: datetime.date, *, is_closed: bool
) -> ContractMonth:
    """What the calculation needs of a reservation, its sheet, and the first day of its contract.

    A closed month pays approved sheets only; an open one shows what a sheet would earn once it is approved.
    """
    counts = sheet is not None and (not is_closed or sheet.status == SheetStatus.APPROVED)
    return ContractMonth(
        contract_id=reservation.contract_id,
        starts_on=starts_on,
        covered_mask=reservation.covered_mask,
        study_days=reservation.study_days,
        nominal_kzt=reservation.nominal_kzt,
        marks=sheet.marks if counts else "",
    )


def reckon(voucher: Voucher, month: datetime.date) -> list[Reckoning]:
    """The contracts that share a month of a voucher, in order of their first day. Five queries."""
    reservations = list(
        Reservation.objects.filter(voucher=voucher, month=month)
        .select_related("contract__provider__organisation")
        .order_by("contract__starts_on", "contract_id")
    )
    closed = closed_through({each.issuer_id for each in reservations}, voucher.programme)
    is_closed = {each.contract_id: closed.get(each.issuer_id, NEVER) >= month for each in reservations}
    sheets = sheets_of(is_closed, month)
    months = [
        contract_month(
            each, sheets.get(each.contract_id), each.contract.starts_on, is_closed=is_closed[each.contract_id]
        )
        for each in reservations
    ]
    earnings = earn(months, rules_of(voucher.programme, month))
    charged = _charged(voucher, month)
    reckonings = [
        Reckoning(
            reservation=each,
            sheet=sheets.get(each.contract_id),
            earning=earnings[each.contract_id],
            charged_kzt=charged[each.contract_id] if is_closed[each.contract_id] else None,
        )
        for each in reservations
    ]
    return [each for each in reckonings if each.reservation.covered_days or each.charged_kzt]


def sheets_of(contract_ids: Iterable[int], month: datetime.date) -> dict[int, Sheet]:
    """The sheets of a month by contract. One query."""
    return {sheet.contract_id: sheet for sheet in Sheet.objects.filter(contract__in=contract_ids, month=month)}


def _charged(voucher: Voucher, month: datetime.date) -> dict[int, Decimal]:
    """What the ledger has charged for a month, KZT by contract."""
    entries = defaultdict(list)
    for entry in LedgerEntry.objects.filter(voucher=voucher, month=month):
        entries[entry.contract_id].append(entry)
    charged = defaultdict(Decimal)
    for contract_id, own in entries.items():
        balances = balances_of(own)
        charged[contract_id] = sum((balances[month, account] for account in CHARGED), ZERO)
    return charged
