"""What a month earns, day by day."""

import datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.earnings import ContractMonth, MonthRules, count_days, earn
from tests.factories import OCTOBER, OPEN, RuleSetFactory
from voucher_portal.money import share

STUDY = "1110011111001111100111110000000"
NOMINAL = Decimal("77222.22")
DEFAULT = MonthRules(("PSLQ",) * 31, 1)


def marks(mark: str = "P", **days: str) -> str:
    """One mark on all days but those named: `marks(N="6 7")`."""
    by_day = {int(day): other for other, text in days.items() for day in text.split()}
    return "".join(by_day.get(day, mark) for day in range(1, 32))


@pytest.mark.parametrize(
    ("sheet", "by_mark", "paid"),
    [
        (marks(), {"P": 18}, 18),
        (marks(S="1", L="2", Q="3"), {"P": 15, "S": 1, "L": 1, "Q": 1}, 18),
        (marks(N="6 7"), {"P": 16, "N": 2}, 16),
        (marks(N="4 5"), {"P": 18}, 18),
        (marks("S"), {"S": 18}, 0),
        (marks("S", P="4"), {"S": 18}, 0),
        (marks("S", P="1"), {"S": 17, "P": 1}, 18),
        (marks(".", P="24"), {".": 17, "P": 1}, 1),
        ("", {}, 0),
    ],
)
def test_only_covered_study_days_count_and_presence_is_needed_once(sheet, by_mark, paid):
    days = count_days(sheet, STUDY, DEFAULT)
    assert (days.by_mark, days.paid_days, days.covered_days) == (by_mark, paid, 18)


def test_what_is_not_paid_is_told_by_mark():
    days = count_days(marks(N="6 7", H="8"), STUDY, DEFAULT)
    assert (days.unpaid_by_mark, days.unpaid_days) == ({"N": 2, "H": 1}, 3)
    absent = count_days(marks("S", N="1"), STUDY, DEFAULT)
    assert (absent.unpaid_by_mark, absent.lacks_presence) == ({"S": 17, "N": 1}, True)


def test_a_rule_set_that_begins_in_mid_month_pays_its_days_only():
    until = OPEN.__class__(OPEN.lower, datetime.date(2025, 10, 13))
    old = RuleSetFactory.build(days=until, payable_marks="P", min_present_days=2)
    new = RuleSetFactory.build(days=OPEN.__class__(until.upper, None), payable_marks="PS", min_present_days=0)
    rules = MonthRules.of([new, old], OCTOBER)
    assert rules.min_present_days == 2
    assert count_days(marks(S="1 13"), STUDY, rules).paid_by_mark == {"P": 16, "S": 1}


def test_without_a_rule_set_nothing_is_paid():
    assert count_days(marks(), STUDY, MonthRules.of([], OCTOBER)).paid_days == 0


def month_of(place: int, mask: str, sheet: str) -> ContractMonth:
    return ContractMonth(place, datetime.date(2025, 9, 1 + place), mask, 18, NOMINAL, sheet)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text("PSLQN", min_size=31, max_size=31), st.integers(0, 31), st.integers(0, 31))
def test_shares_of_a_part_add_up_to_what_all_its_days_earn(sheet, one, other):
    first, second = sorted((one, other))
    masks = [
        "".join(bit if start <= place < end else "0" for place, bit in enumerate(STUDY))
        for start, end in ((0, first), (first, second), (second, 31))
    ]
    months = [month_of(place, mask, sheet) for place, mask in enumerate(masks)]
    earned = earn(months[::-1], DEFAULT)
    paid = sum(earning.days.paid_days for earning in earned.values())
    assert sum(earning.amount_kzt for earning in earned.values()) == share(NOMINAL, paid, 0, 18)
    assert set(earned) == {0, 1, 2}
