"""The rule sets of the law: which one holds on a day, and its parameters with their types and defaults.

Source: REG §18. `parts`, `payable_marks`, `min_present_days` and `pay_after_act_days` are columns of a rule set,
because the set-based statements read them; the other names are in its `parameters`, read by `parameters_of`.
"""

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any, NewType, get_type_hints

from registry.models import RuleSet
from registry.reference import values
from schools.enums import Programme

SCHOOL_PARTS = (9, 10, 11, 12, 1, 2, 3, 4, 5)
DEFAULT_PARTS = {Programme.SCHOOL: SCHOOL_PARTS, Programme.PRESCHOOL: (*SCHOOL_PARTS, 6, 7, 8)}
DEFAULT_PAYABLE_MARKS = "PSLQ"
DEFAULT_MIN_PRESENT_DAYS = 1
DEFAULT_PAY_AFTER_ACT_DAYS = 30  # calendar days

Share = NewType("Share", Decimal)  # of 0..1
Tenge = NewType("Tenge", Decimal)
DayOfYear = NewType("DayOfYear", str)  # "06-30"
DaysOfYear = NewType("DaysOfYear", list)
TengeByYear = NewType("TengeByYear", dict)  # the sum of a year holds until the next year that is named
Depreciation = NewType("Depreciation", dict)  # build and rebuild in MRP a pupil and year, years


class NoRules(LookupError):
    """No rule set of the programme holds on the day."""


def rules_on(programme: str, day: datetime.date) -> RuleSet:
    """The rule set of `programme` that holds on `day`. One query.

    Raises:
        NoRules: the reference data has none for that day.
    """
    rules = RuleSet.objects.filter(programme=programme, days__contains=day).first()
    if rules is None:
        raise NoRules(f"no rule set of {programme} holds on {day}")
    return rules


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """What a rule set says beside its columns. Source: REG §18, names in lower case."""

    offer_confirm_days: int = 2  # working days
    offer_restore_days: int = 28  # calendar days
    offer_restore_times: int = 1
    contract_sign_days: int = 5  # working days
    referral_extend_days: int = 30  # calendar days
    referral_extend_times: int = 1
    privilege_proof_days: int = 5  # working days
    queue_refresh: DaysOfYear = field(default_factory=lambda: ["06-30"])
    distribution_start: DayOfYear = "07-01"
    admission_end: DayOfYear = "08-31"
    min_age_months: int = 18
    application_notice_days: int = 7  # working days
    application_fix_days: int = 5  # working days
    suspension_fix_months: int = 2
    monitoring_notice_days: int = 5  # working days
    staff_share_min: Share = Decimal("0.9")
    property_years_min: int = 20
    transition_date: datetime.date = datetime.date(2026, 1, 1)
    building_purpose_hard_from: datetime.date = datetime.date(2027, 1, 1)
    preschool_licence_from: datetime.date = datetime.date(2027, 1, 1)
    licence_review_days: int = 30  # working days
    dfo_deadline: DayOfYear = "08-31"  # for the year before
    parent_sheet_confirm_days: int = 3  # working days
    mb_share: Tenge = Decimal("50668.00")
    rb_share: Tenge = Decimal("4991.00")
    parent_food_fee: Tenge = Decimal("25000.00")  # a month
    mrp: TengeByYear = field(default_factory=lambda: {2025: Decimal("3932.00"), 2026: Decimal("4325.00")})
    depreciation_mrp: Depreciation = field(default_factory=lambda: {"build": 96, "rebuild": 47, "years": 8})
    transfer_alert: int = 5  # transfers a year

    def mrp_on(self, day: datetime.date) -> Decimal:
        """The monthly calculation index of 1 January of the year, in tenge.

        Raises:
            NoRules: no year up to this one is named.
        """
        named = [year for year in self.mrp if year <= day.year]
        if not named:
            raise NoRules(f"no MRP is named for {day.year}")
        return self.mrp[max(named)]


def parameters_of(rules: RuleSet) -> Parameters:
    """The parameters of a rule set with their types; a name that it lacks has its default."""
    return Parameters(**{name: READERS[name](raw) for name, raw in rules.parameters.items() if name in READERS})


def as_json(value: Any) -> Any:
    """A parameter as it is stored: sums, shares and dates as text, years as text keys."""
    if isinstance(value, Decimal | datetime.date):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    return value


def _tenge(raw: Any) -> Decimal:
    if isinstance(raw, int) and not isinstance(raw, bool):
        raw = f"{raw}.00"
    return values.money(12)(raw)


def _days_of_year(raw: Any) -> list[str]:
    return values.list_of(values.day_of_year, distinct=True, least=1)([raw] if isinstance(raw, str) else raw)


def _tenge_by_year(raw: Any) -> dict[int, Decimal]:
    if not isinstance(raw, dict):
        return {values.FIRST_YEAR: _tenge(raw)}
    if not raw:
        raise ValueError("must name at least one year")
    year = values.whole(values.FIRST_YEAR, values.LAST_YEAR)
    return {
        year(int(key) if isinstance(key, str) and key.isdecimal() else key): _tenge(item) for key, item in raw.items()
    }


def _depreciation(raw: Any) -> dict[str, int]:
    names = {"build", "rebuild", "years"}
    if not isinstance(raw, dict) or set(raw) != names:
        raise ValueError("must have build, rebuild and years")
    return {name: values.whole(0, 10_000)(raw[name]) for name in sorted(names)}


_READERS_OF_TYPES: dict[Any, Callable[[Any], Any]] = {
    int: values.whole(0, 10_000),
    datetime.date: values.date,
    Share: values.share,
    Tenge: _tenge,
    DayOfYear: values.day_of_year,
    DaysOfYear: _days_of_year,
    TengeByYear: _tenge_by_year,
    Depreciation: _depreciation,
}
# By name: what reads a parameter, from the reference file or as stored. Raises ValueError with the reason.
READERS = {name: _READERS_OF_TYPES[kind] for name, kind in get_type_hints(Parameters).items()}
# Every parameter with its default, as stored.
DEFAULTS = {each.name: as_json(getattr(Parameters(), each.name)) for each in fields(Parameters)}
