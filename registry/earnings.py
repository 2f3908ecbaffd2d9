"""What a month of a contract earns, explained day by day: the same rule that the close runs as SQL.

Pages show it before the month is closed, and in words afterwards. Pure: values in, values out. Source: design.md §6.
"""

import datetime
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from registry.enums import Mark
from registry.models import RuleSet
from voucher_portal.money import share

DAYS = 31


@dataclass(frozen=True, slots=True)
class MonthRules:
    """The rules of one month: `payable[day - 1]` are the marks that are paid on that day."""

    payable: tuple[str, ...]
    min_present_days: int

    @classmethod
    def of(cls, rule_sets: Iterable[RuleSet], month: datetime.date) -> "MonthRules":
        """From the rule sets of one programme: a day is paid by the rule set of that day; none pays nothing.

        The least days of presence are those of the rule set that holds on the first day, as in the close.
        """
        ordered = sorted(rule_sets, key=lambda rules: rules.days.lower)
        days = [month + datetime.timedelta(days=place) for place in range(DAYS)]
        payable = tuple("".join(rules.payable_marks for rules in ordered if day in rules.days) for day in days)
        holding = [rules for rules in ordered if rules.days.upper is None or month < rules.days.upper] or ordered[-1:]
        return cls(payable, holding[0].min_present_days if holding else 0)


@dataclass(frozen=True, slots=True)
class DayCount:
    """The covered study days of a sheet by mark. `paid_days` is 0 when there were too few days of presence."""

    covered_days: int
    by_mark: dict[str, int]
    paid_by_mark: dict[str, int]
    paid_days: int
    lacks_presence: bool

    @property
    def unpaid_by_mark(self) -> dict[str, int]:
        """Covered days that are not paid, by mark, in the order of the marks."""
        unpaid = {mark: self.by_mark.get(mark, 0) - self.paid_by_mark.get(mark, 0) for mark in Mark.values}
        return {mark: days for mark, days in unpaid.items() if days}

    @property
    def unpaid_days(self) -> int:
        return self.covered_days - self.paid_days


def count_days(marks: str, covered_mask: str, rules: MonthRules) -> DayCount:
    """Count a sheet. `covered_mask` has 31 characters 0 and 1: the study days inside contract and state order."""
    covered = [(mark, mark in rules.payable[place]) for place, mark in enumerate(marks) if covered_mask[place] == "1"]
    by_mark = Counter(mark for mark, _is_paid in covered)
    lacks_presence = by_mark[Mark.PRESENT] < rules.min_present_days
    paid = Counter() if lacks_presence else Counter(mark for mark, is_paid in covered if is_paid)
    return DayCount(covered_mask.count("1"), dict(by_mark), dict(paid), paid.total(), lacks_presence)


@dataclass(frozen=True, slots=True)
class ContractMonth:
    """A contract's month of a part: its reservation, and the marks of its sheet (empty while there is none)."""

    contract_id: int
    starts_on: datetime.date
    covered_mask: str
    study_days: int
    nominal_kzt: Decimal
    marks: str = ""


@dataclass(frozen=True, slots=True)
class Earning:
    """What the sheet earns as it stands, in KZT; for a sheet that is not approved yet: what it would earn."""

    days: DayCount
    amount_kzt: Decimal


def earn(contracts: Sequence[ContractMonth], rules: MonthRules) -> dict[int, Earning]:
    """The share of each contract of one part, by contract; a contract without a sheet earns nothing.

    The cumulative form makes the shares add up exactly, whatever the number of transfers in the month.
    """
    earnings, cum = {}, 0
    for each in sorted(contracts, key=lambda contract: (contract.starts_on, contract.contract_id)):
        days = count_days(each.marks, each.covered_mask, rules)
        amount = share(each.nominal_kzt, cum + days.paid_days, cum, each.study_days)
        cum += days.paid_days
        earnings[each.contract_id] = Earning(days, amount)
    return earnings
