"""Working days: Monday to Friday without the days off of a calendar. Pure."""

import datetime
from collections.abc import Collection

DAY = datetime.timedelta(days=1)
FRIDAY = 5


def is_working(day: datetime.date, days_off: Collection[datetime.date]) -> bool:
    """Whether people work on `day`."""
    return day.isoweekday() <= FRIDAY and day not in days_off


def add_working_days(day: datetime.date, count: int, days_off: Collection[datetime.date]) -> datetime.date:
    """The last day of a term of `count` working days that begins on the day after `day`. Source: REG §18."""
    for _ in range(count):
        day += DAY
        while not is_working(day, days_off):
            day += DAY
    return day


def working_days_left(today: datetime.date, last: datetime.date, days_off: Collection[datetime.date]) -> int:
    """Working days after `today` up to `last`; 0 on the last day, negative when it is over."""
    first, end, sign = (today, last, 1) if today <= last else (last, today, -1)
    days = (first + DAY * place for place in range(1, (end - first).days + 1))
    return sign * sum(is_working(day, days_off) for day in days)
