"""Days, months and school years of the portal. The portal's day is the day in Asia/Almaty."""

import calendar
import datetime
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

ALMATY = ZoneInfo("Asia/Almaty")
SCHOOL_YEAR_STARTS_IN = 9

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_SCHOOL_YEAR = re.compile(r"([0-9]{4})/([0-9]{2})")


def today() -> datetime.date:
    """The date in Asia/Almaty; outside production `PORTAL_TODAY` (environment, else setting) says otherwise.

    Read at every call, so that a test or a step of the demo can move the day. Where the setting `PRODUCTION`
    is true the variable is not looked at.

    Raises:
        ImproperlyConfigured: `PORTAL_TODAY` is not a date of the form YYYY-MM-DD.
    Source: contracts/reference-data.md, commands.
    """
    if not getattr(settings, "PRODUCTION", False):
        chosen = os.environ.get("PORTAL_TODAY") or getattr(settings, "PORTAL_TODAY", None)
        if chosen:
            return _chosen_day(str(chosen))
    return datetime.datetime.now(ALMATY).date()


def _chosen_day(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise ImproperlyConfigured(f"PORTAL_TODAY is {text!r}, not a date of the form YYYY-MM-DD") from None


@dataclass(frozen=True, order=True, slots=True)
class Month:
    """A calendar month: `Month(2025, 10)`, written "2025-10"; sorts by time, can be a key."""

    year: int
    number: int

    def __post_init__(self):
        if not 1 <= self.number <= 12 or not datetime.MINYEAR <= self.year <= datetime.MAXYEAR:
            raise ValueError(f"no such month: {self.year}-{self.number}")

    @classmethod
    def of(cls, day: datetime.date) -> Self:
        """The month in which `day` lies."""
        return cls(day.year, day.month)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "2025-10". Raises ValueError for anything else."""
        match = _MONTH.fullmatch(text)
        if not match:
            raise ValueError(f"{text!r} is not a month of the form YYYY-MM")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def range(cls, first: Self, last: Self) -> Iterator[Self]:
        """The months from `first` to `last`, both included; none when `last` is earlier."""
        for index in range(first._index, last._index + 1):
            yield cls(*_year_and_number(index))

    @property
    def first(self) -> datetime.date:
        """The first day."""
        return datetime.date(self.year, self.number, 1)

    @property
    def last(self) -> datetime.date:
        """The last day."""
        return datetime.date(self.year, self.number, self.days)

    @property
    def days(self) -> int:
        """How many calendar days, 28..31."""
        return calendar.monthrange(self.year, self.number)[1]

    def dates(self) -> Iterator[datetime.date]:
        """Every calendar day, in order."""
        for day in range(1, self.days + 1):
            yield datetime.date(self.year, self.number, day)

    def next(self) -> Self:
        """The month after."""
        return self.plus(1)

    def previous(self) -> Self:
        """The month before."""
        return self.plus(-1)

    def plus(self, months: int) -> Self:
        """The month `months` later (earlier when negative)."""
        return type(self)(*_year_and_number(self._index + months))

    @property
    def _index(self) -> int:
        return self.year * 12 + self.number - 1

    def __contains__(self, day: datetime.date) -> bool:
        return (day.year, day.month) == (self.year, self.number)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"


def _year_and_number(index: int) -> tuple[int, int]:
    return index // 12, index % 12 + 1


@dataclass(frozen=True, order=True, slots=True)
class SchoolYear:
    """A school year, 1 September to 31 August, known by the year in which it starts; written "2025/26"."""

    starts: int

    @classmethod
    def of(cls, day: datetime.date) -> Self:
        """The school year in which `day` lies."""
        return cls(day.year if day.month >= SCHOOL_YEAR_STARTS_IN else day.year - 1)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "2025/26". Raises ValueError for anything else, also when the second year is not the next one."""
        match = _SCHOOL_YEAR.fullmatch(text)
        if not match or (int(match[1]) + 1) % 100 != int(match[2]):
            raise ValueError(f"{text!r} is not a school year of the form 2025/26")
        return cls(int(match[1]))

    @property
    def first(self) -> datetime.date:
        """1 September."""
        return datetime.date(self.starts, SCHOOL_YEAR_STARTS_IN, 1)

    @property
    def last(self) -> datetime.date:
        """31 August of the next calendar year."""
        return datetime.date(self.starts + 1, SCHOOL_YEAR_STARTS_IN - 1, 31)

    def months(self) -> Iterator[Month]:
        """The twelve months, September to August."""
        return Month.range(Month.of(self.first), Month.of(self.last))

    def month(self, number: int) -> Month:
        """The month of this school year with that number: 9 is in its first calendar year, 5 in its second."""
        return Month(self.starts if number >= SCHOOL_YEAR_STARTS_IN else self.starts + 1, number)

    def next(self) -> Self:
        """The school year after."""
        return type(self)(self.starts + 1)

    def previous(self) -> Self:
        """The school year before."""
        return type(self)(self.starts - 1)

    def __contains__(self, day: datetime.date) -> bool:
        return self.first <= day <= self.last

    def __str__(self) -> str:
        return f"{self.starts:04}/{(self.starts + 1) % 100:02}"


def school_year_of(day: datetime.date) -> SchoolYear:
    """The school year in which `day` lies."""
    return SchoolYear.of(day)


def add_months(day: datetime.date, months: int) -> datetime.date:
    """The same day `months` later (earlier when negative), or the last day of a month that has no such day."""
    month = Month.of(day).plus(months)
    return datetime.date(month.year, month.number, min(day.day, month.days))
