"""What every contract should have earned by now, counted anew from the facts, child by child and day by day."""

import datetime
import math
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from acts.models import Charge
from integrations.lms.items import Contract, Sheet
from registry.models import ClosedThrough, StudyMonth
from registry.models import Contract as ContractRow
from tests.core.world import World
from voucher_portal.dates import Month

PAYABLE, PRESENT = "PSLQ", "P"
LAST_PART = {"school": 5, "preschool": 8}

# BIN of the provider, IIN of the child, contract, month -> study days, paid days, amount and its local part in tenge.
Earned = dict[tuple[str, str, str, datetime.date], tuple[int, int, Decimal, Decimal]]


def earned(world: World, contracts: dict[str, Contract], sheets: dict[tuple[str, str], Sheet]) -> Earned:
    """By the newest facts, for every funded contract and closed month; a month that earns nothing is left out."""
    found: Earned = {}
    rows = {row.external_id: row for row in ContractRow.objects.filter(funding="FUNDED").select_related("norm")}
    closed = {(row.issuer_id, row.programme): row.month for row in ClosedThrough.objects.all()}
    of_child = defaultdict(list)
    for key in rows:
        item = contracts[key]
        of_child[item.child.iin, item.programme, world.provider(item.provider_bin).issuer_id].append(item)
    for month in StudyMonth.objects.filter(is_part=True, month__lte=max(closed.values())):
        for (iin, programme, issuer_id), own in of_child.items():
            if programme != month.programme or month.month > closed.get((issuer_id, programme), datetime.date.min):
                continue
            own = sorted(own, key=lambda item: item.starts_on)
            for item, paid, amount, local in _part(world, month, own, rows, sheets):
                if amount:
                    key = (item.provider_bin, iin, item.contract_id, month.month)
                    found[key] = (month.study_days, paid, amount, local)
    return found


def _part(world, month, contracts, rows, sheets) -> Iterator[tuple[Contract, int, Decimal, Decimal]]:
    """The contracts of a part in order of their first day: their paid days, what they earn, the local part of it."""
    cum = 0
    for item in contracts:
        norm, sheet = rows[item.contract_id].norm, sheets.get((item.contract_id, str(Month.of(month.month))))
        paid, nominal = _paid_days(world, item, month, sheet), _nominal(norm, month)
        amount = _share(nominal, cum + paid, month) - _share(nominal, cum, month)
        cum += paid
        yield item, paid, amount, _rounded(Fraction(amount) * Fraction(norm.local_kzt) / Fraction(norm.total_kzt))


def _paid_days(world: World, item: Contract, month: StudyMonth, sheet: Sheet | None) -> int:
    if sheet is None or sheet.status != "approved":
        return 0
    marks = [
        sheet.marks[day.day - 1]
        for day in Month.of(month.month).dates()
        if month.study_mask[day.day - 1] == "1" and _is_covered(world, item, day)
    ]
    return sum(mark in PAYABLE for mark in marks) if PRESENT in marks else 0


def _is_covered(world: World, item: Contract, day: datetime.date) -> bool:
    in_contract = item.starts_on <= day and (item.ends_on is None or day <= item.ends_on)
    return in_contract and day in world.ordered_days[item.provider_bin]


def _nominal(norm, month: StudyMonth) -> Decimal:
    if norm.per_month:
        return norm.total_kzt
    whole = _rounded(Fraction(norm.total_kzt) / 9)
    return norm.total_kzt - 8 * whole if month.month.month == LAST_PART[month.programme] else whole


def _share(nominal: Decimal, days: int, month: StudyMonth) -> Decimal:
    return _rounded(Fraction(nominal) * days / month.study_days)


def _rounded(tenge: Fraction) -> Decimal:
    """To the tiyn, half up; not negative."""
    return Decimal(math.floor(tenge * 100 + Fraction(1, 2))).scaleb(-2)


def charged() -> Earned:
    """The same as the live charges have it."""
    live = Charge.objects.live().select_related("act__provider__organisation", "voucher__child", "contract")
    return {
        (each.act.provider.bin, each.voucher.child.iin, each.contract.external_id, each.service_month): (
            each.study_days,
            each.paid_days,
            each.amount_kzt,
            each.local_kzt,
        )
        for each in live
    }
