"""Days, months and school years."""

import datetime

import pytest
import time_machine
from django.core.exceptions import ImproperlyConfigured

from voucher_portal.dates import Month, SchoolYear, add_months, school_year_of, today

OCTOBER = Month(2025, 10)


@pytest.fixture(autouse=True)
def _no_set_day(monkeypatch):
    monkeypatch.delenv("PORTAL_TODAY", raising=False)


def test_today_is_the_day_in_almaty_when_utc_is_still_yesterday():
    with time_machine.travel("2025-10-31T19:30:00+00:00", tick=False):
        assert today() == datetime.date(2025, 11, 1)


def test_portal_today_moves_the_day_at_every_call(monkeypatch):
    monkeypatch.setenv("PORTAL_TODAY", "2025-11-05")
    assert today() == datetime.date(2025, 11, 5)
    monkeypatch.setenv("PORTAL_TODAY", "2025-12-05")
    assert today() == datetime.date(2025, 12, 5)


def test_portal_today_may_also_be_a_setting(settings):
    settings.PORTAL_TODAY = "2025-11-05"
    assert today() == datetime.date(2025, 11, 5)


def test_production_does_not_look_at_portal_today(monkeypatch, settings):
    settings.PRODUCTION = True
    monkeypatch.setenv("PORTAL_TODAY", "2025-11-05")
    with time_machine.travel("2026-02-01T00:00:00+00:00", tick=False):
        assert today() == datetime.date(2026, 2, 1)


def test_a_portal_today_that_is_no_date_stops_at_once(monkeypatch):
    monkeypatch.setenv("PORTAL_TODAY", "05.11.2025")
    with pytest.raises(ImproperlyConfigured, match="YYYY-MM-DD"):
        today()


def test_a_month_knows_its_days():
    assert (OCTOBER.first, OCTOBER.last, OCTOBER.days) == (
        datetime.date(2025, 10, 1),
        datetime.date(2025, 10, 31),
        31,
    )
    assert [Month(2024, 2).days, Month(2025, 2).days] == [29, 28]
    assert list(Month(2025, 11).dates())[::29] == [datetime.date(2025, 11, 1), datetime.date(2025, 11, 30)]


def test_a_month_is_written_and_read_the_same():
    assert str(OCTOBER) == "2025-10"
    assert Month.parse("2025-10") == OCTOBER
    assert Month.of(datetime.date(2025, 10, 31)) == OCTOBER
    assert {OCTOBER: 1}[Month.parse("2025-10")] == 1


@pytest.mark.parametrize("text", ["2025-13", "2025-00", "2025-1", "2025/10", "2025-10-01", "", "2025-10\n", "٢٠٢٥-١٠"])
def test_what_is_no_month_is_refused(text):
    with pytest.raises(ValueError, match="not a month"):
        Month.parse(text)


def test_a_month_number_outside_the_year_is_refused():
    with pytest.raises(ValueError, match="no such month"):
        Month(2025, 13)


def test_months_follow_each_other_over_the_new_year():
    assert Month(2025, 12).next() == Month(2026, 1)
    assert Month(2026, 1).previous() == Month(2025, 12)
    assert OCTOBER.plus(-22) == Month(2023, 12)
    assert Month(2025, 12) < Month(2026, 1)
    assert [str(m) for m in Month.range(Month(2025, 11), Month(2026, 2))] == [
        "2025-11",
        "2025-12",
        "2026-01",
        "2026-02",
    ]
    assert list(Month.range(Month(2026, 2), Month(2025, 11))) == []


def test_a_month_holds_its_days_only():
    assert datetime.date(2025, 10, 1) in OCTOBER
    assert datetime.date(2024, 10, 1) not in OCTOBER


def test_a_school_year_begins_on_the_first_of_september():
    year = SchoolYear(2025)
    assert (str(year), year.first, year.last) == ("2025/26", datetime.date(2025, 9, 1), datetime.date(2026, 8, 31))
    assert school_year_of(datetime.date(2025, 8, 31)) == year.previous()
    assert school_year_of(datetime.date(2025, 9, 1)) == year
    assert SchoolYear.of(datetime.date(2026, 9, 1)) == year.next()
    assert year.first in year
    assert year.next().first not in year


def test_the_months_of_a_school_year_run_from_september_to_august():
    months = list(SchoolYear(2025).months())
    assert (len(months), months[0], months[-1]) == (12, Month(2025, 9), Month(2026, 8))
    assert SchoolYear(2025).month(5) == Month(2026, 5)
    assert SchoolYear(2025).month(9) == Month(2025, 9)


def test_a_school_year_is_read_as_written():
    assert SchoolYear.parse("2025/26") == SchoolYear(2025)
    assert str(SchoolYear.parse("2099/00")) == "2099/00"


@pytest.mark.parametrize("text", ["2025/27", "2025", "2025-26", "25/26", ""])
def test_what_is_no_school_year_is_refused(text):
    with pytest.raises(ValueError, match="not a school year"):
        SchoolYear.parse(text)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        ("2025-10-31", 1, "2025-11-30"),
        ("2025-12-31", 2, "2026-02-28"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2026-01-15", -2, "2025-11-15"),
        ("2025-10-05", 0, "2025-10-05"),
    ],
)
def test_adding_months_keeps_the_day_or_takes_the_last_one(day, months, expected):
    assert add_months(datetime.date.fromisoformat(day), months) == datetime.date.fromisoformat(expected)
