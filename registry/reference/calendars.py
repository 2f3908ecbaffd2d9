"""The study days of a calendar, month by month, as masks. Source: REG §17; design.md §4."""

import datetime
from collections.abc import Iterator, Sequence

from registry.models import SchoolCalendar, StudyMonth
from registry.reference.values import DAY
from voucher_portal.dates import Month

MASK_LENGTH = 31


def study_dates(calendar: SchoolCalendar) -> Iterator[datetime.date]:
    """The days of lessons: weekdays of the calendar's days that are neither off nor in a vacation."""
    off = set(calendar.days_off)
    for vacation in calendar.vacations:
        off.update(_dates(vacation.lower, vacation.upper))
    for day in _dates(calendar.days.lower, calendar.days.upper):
        if day.isoweekday() in calendar.weekdays and day not in off:
            yield day


def study_months(calendar: SchoolCalendar, parts: Sequence[int]) -> list[StudyMonth]:
    """A row, not saved yet, for every month that the calendar touches.

    `parts` are the numbers of the months that a voucher has, in order; the last of them takes the remainder.
    """
    days_of: dict[Month, set[int]] = {}
    for day in study_dates(calendar):
        days_of.setdefault(Month.of(day), set()).add(day.day)
    last_day = calendar.days.upper - DAY
    return [
        _study_month(calendar, month, days_of.get(month, set()), parts)
        for month in Month.range(Month.of(calendar.days.lower), Month.of(last_day))
    ]


def _study_month(calendar: SchoolCalendar, month: Month, days: set[int], parts: Sequence[int]) -> StudyMonth:
    return StudyMonth(
        calendar=calendar,
        programme=calendar.programme,
        start_year=calendar.start_year,
        month=month.first,
        study_mask="".join("1" if day in days else "0" for day in range(1, MASK_LENGTH + 1)),
        study_days=len(days),
        is_part=month.number in parts,
        is_last_part=month.number == parts[-1],
    )


def _dates(first: datetime.date, end: datetime.date) -> Iterator[datetime.date]:
    """The days from `first` to the day before `end`."""
    for number in range((end - first).days):
        yield first + number * DAY
