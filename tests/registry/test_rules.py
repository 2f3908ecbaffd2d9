"""Which rule set holds on a day, and its parameters: types and the defaults of REG §18."""

import datetime
from decimal import Decimal

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange

from registry.models import RuleSet
from registry.rules import DEFAULTS, READERS, NoRules, Parameters, parameters_of, rules_on
from tests.factories import RuleSetFactory

LAST_DAY, NEXT_DAY = datetime.date(2026, 8, 31), datetime.date(2026, 9, 1)


@pytest.mark.django_db
def test_the_rule_set_of_the_day_and_programme_holds():
    old = RuleSetFactory(days=DateRange(datetime.date(2025, 9, 1), NEXT_DAY))
    new = RuleSetFactory(days=DateRange(NEXT_DAY, None))
    RuleSetFactory(preschool=True)
    assert rules_on("school", LAST_DAY) == old
    assert rules_on("school", NEXT_DAY) == new


@pytest.mark.django_db
def test_a_day_without_a_rule_set_is_told():
    RuleSetFactory(days=DateRange(NEXT_DAY, None))
    with pytest.raises(NoRules, match="school holds on 2026-08-31"):
        rules_on("school", LAST_DAY)


def test_defaults_are_those_of_the_regulation():
    assert {name: DEFAULTS[name] for name in ("contract_sign_days", "suspension_fix_months", "staff_share_min")} == {
        "contract_sign_days": 5,
        "suspension_fix_months": 2,
        "staff_share_min": "0.9",
    }
    assert DEFAULTS["mrp"] == {"2025": "3932.00", "2026": "4325.00"}


def test_what_is_stored_comes_back_with_its_types():
    assert parameters_of(RuleSet(parameters=DEFAULTS)) == Parameters()


def test_a_missing_parameter_has_its_default_and_an_unknown_one_is_left():
    parameters = parameters_of(RuleSet(parameters={"transfer_alert": 9, "no_longer_known": 1}))
    assert parameters == Parameters(transfer_alert=9)


def test_parameters_are_typed():
    parameters = parameters_of(RuleSet(parameters={"staff_share_min": "0.85", "transition_date": "2026-02-01"}))
    assert parameters.staff_share_min == Decimal("0.85")
    assert parameters.transition_date == datetime.date(2026, 2, 1)


@pytest.mark.parametrize(("year", "mrp"), [(2025, "3932.00"), (2026, "4325.00"), (2030, "4325.00")])
def test_the_index_of_a_year_holds_until_the_next_that_is_named(year, mrp):
    assert Parameters().mrp_on(datetime.date(year, 12, 31)) == Decimal(mrp)


def test_no_index_is_invented_for_a_year_before_the_first():
    with pytest.raises(NoRules, match="2024"):
        Parameters().mrp_on(datetime.date(2024, 1, 1))


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("staff_share_min", 0.90, Decimal("0.9")),
        ("staff_share_min", 1, Decimal(1)),
        ("parent_food_fee", 25000, Decimal("25000.00")),
        ("mrp", {2027: "4700.00"}, {2027: Decimal("4700.00")}),
        ("mrp", 4325, {1991: Decimal("4325.00")}),
        ("queue_refresh", "06-30", ["06-30"]),
        ("queue_refresh", ["01-31", "06-30"], ["01-31", "06-30"]),
        ("depreciation_mrp", {"build": 90, "rebuild": 40, "years": 8}, {"build": 90, "rebuild": 40, "years": 8}),
    ],
)
def test_a_parameter_is_read_as_people_write_it(name, raw, value):
    assert READERS[name](raw) == value


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("staff_share_min", 90),
        ("staff_share_min", True),
        ("staff_share_min", "nan"),
        ("contract_sign_days", "5"),
        ("contract_sign_days", -1),
        ("contract_sign_days", 2.5),
        ("transition_date", "2026-02-30"),
        ("dfo_deadline", "31-08"),
        ("parent_food_fee", "-1.00"),
        ("parent_food_fee", True),
        ("mrp", {}),
        ("mrp", {"next": "1.00"}),
        ("queue_refresh", []),
        ("depreciation_mrp", {"build": 1}),
    ],
)
def test_a_wrong_parameter_is_refused(name, raw):
    with pytest.raises(ValueError, match="must|no such|there is"):
        READERS[name](raw)
