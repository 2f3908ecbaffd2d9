"""Terms in working days, by the calendar of November 2025: the 8th and 9th are a weekend."""

import datetime

import pytest

from beneficiaries.deadlines import add_working_days, working_days_left


def nov(day: int) -> datetime.date:
    return datetime.date(2025, 11, day)


@pytest.mark.parametrize(
    ("start", "count", "days_off", "last"),
    [
        (3, 3, (), 6),
        (5, 3, (), 10),
        (7, 1, (), 10),
        (8, 1, (), 10),
        (5, 3, (7,), 11),
        (5, 0, (), 5),
    ],
)
def test_a_term_ends_on_its_last_working_day(start, count, days_off, last):
    assert add_working_days(nov(start), count, {nov(day) for day in days_off}) == nov(last)


@pytest.mark.parametrize(
    ("today", "last", "left"),
    [(3, 6, 3), (6, 6, 0), (5, 10, 3), (8, 10, 1), (9, 9, 0), (10, 6, -2), (7, 6, -1), (8, 7, 0)],
)
def test_what_is_left_is_counted_in_working_days(today, last, left):
    assert working_days_left(nov(today), nov(last), ()) == left
