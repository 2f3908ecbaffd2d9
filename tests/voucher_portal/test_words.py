"""Sums, days and counts as people read them: rows of the glossary's tables."""

import datetime
from decimal import Decimal

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange

from voucher_portal import words
from voucher_portal.dates import ALMATY, Month

DAY = datetime.date(2026, 10, 5)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("1234567.89"), "1\xa0234\xa0567,89\xa0₸"),
        (Decimal("55659"), "55\xa0659,00\xa0₸"),
        (Decimal("-5000"), "−5\xa0000,00\xa0₸"),
        (Decimal("0.005"), "0,01\xa0₸"),
        (Decimal("-0.001"), "0,00\xa0₸"),
        (0, "0,00\xa0₸"),
    ],
)
def test_a_sum_has_groups_of_three_a_comma_and_its_sign(value, expected):
    assert words.kzt(value) == expected


def test_whole_sums_and_millions_are_rounded_half_up():
    assert words.kzt_whole(Decimal("77222.50")) == "77\xa0223\xa0₸"
    assert words.mln(Decimal("5812350000")) == "5\xa0812,4\xa0млн\xa0₸"


def test_percent_has_a_space_in_russian_and_none_in_kazakh():
    assert words.percent(Decimal("0.9103"), language="ru") == "91,03\xa0%"
    assert words.percent(Decimal("0.9103"), language="kk") == "91,03%"


@pytest.mark.parametrize(
    ("form", "russian", "kazakh"),
    [
        (words.day_words, "5\xa0октября 2026\xa0г.", "2026\xa0ж. 5\xa0қазан"),
        (words.day_short, "5\xa0окт", "5\xa0қаз"),
        (words.month_words, "октябрь 2026\xa0г.", "2026\xa0ж. қазан"),
        (words.month_name, "октябрь", "қазан"),
        (words.month_short, "окт", "қаз"),
    ],
)
def test_days_and_months_have_the_form_of_each_language(form, russian, kazakh):
    assert (form(DAY, "ru"), form(DAY, "kk")) == (russian, kazakh)


def test_a_month_may_stand_for_its_first_day():
    assert words.month_words(Month(2026, 10), "kk") == words.month_words(DAY, "kk")
    assert words.month_short(Month(2026, 5), "ru") == "май"


def test_days_of_tables_are_numbers_in_both_languages():
    assert words.day(DAY) == "05.10.2026"
    assert words.moment(datetime.datetime(2026, 10, 5, 9, 7, tzinfo=ALMATY)) == "05.10.2026 09:07"
    assert words.moment(datetime.datetime(2026, 10, 4, 20, 0, tzinfo=datetime.UTC)) == "05.10.2026 01:00"


def test_a_range_shows_its_last_day_which_is_not_in_it():
    assert words.days_range(DateRange(DAY, datetime.date(2026, 10, 11))) == "05.10.2026 – 10.10.2026"


def test_every_month_has_three_names_in_each_language():
    tables = (words.RU_OF_MONTH, words.RU_MONTHS, words.RU_SHORT, words.KK_MONTHS, words.KK_SHORT)
    assert {len(table) for table in tables} == {12}
