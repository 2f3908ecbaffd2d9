"""Dates and numbers in the form of each language. Source: domain/glossary.md, "How to write for people", 5."""

import datetime

import pytest
from django.utils import formats, translation

DAY = datetime.date(2026, 10, 5)


@pytest.fixture(params=["ru", "kk"])
def language(request):
    with translation.override(request.param):
        yield request.param


def test_a_date_in_a_table_has_two_digits_each(language):
    assert formats.date_format(DAY, "SHORT_DATE_FORMAT") == "05.10.2026"


def test_the_year_stands_first_in_kazakh_and_last_in_russian():
    with translation.override("kk"):
        assert formats.date_format(DAY).startswith("2026\xa0ж. 5\xa0")
    with translation.override("ru"):
        assert formats.date_format(DAY) == "5\xa0октября 2026\xa0г."


def test_a_number_has_groups_of_three_and_a_comma(language):
    assert formats.number_format("1234567.89", 2, force_grouping=True) == "1\xa0234\xa0567,89"


def test_a_week_begins_on_monday(language):
    assert formats.get_format("FIRST_DAY_OF_WEEK") == 1


def test_a_date_is_read_as_people_and_as_browsers_write_it(language):
    accepted = formats.get_format("DATE_INPUT_FORMATS")
    assert {"%d.%m.%Y", "%Y-%m-%d"} <= set(accepted)


def test_a_time_has_two_digits_each(language):
    moment = datetime.datetime(2026, 10, 5, 9, 7, tzinfo=datetime.UTC)
    assert formats.date_format(moment, "SHORT_DATETIME_FORMAT") == "05.10.2026 09:07"
