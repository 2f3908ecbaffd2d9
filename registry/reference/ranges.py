"""Ranges of days, [from, to): which overlap, and what of one is left without others."""

import datetime
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange

Span = tuple[datetime.date, datetime.date]


def span_of(days: DateRange) -> Span:
    """First day and the day after the last one; an open range ends with time."""
    return days.lower, days.upper or datetime.date.max


def overlapping(rows: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    """Pairs of rows whose `days` share a day: every such row stands in at least one pair."""
    furthest = None
    for row in sorted(rows, key=lambda row: row.days.lower):
        if furthest is not None and span_of(furthest.days)[1] > row.days.lower:
            yield furthest, row
        if furthest is None or span_of(row.days)[1] > span_of(furthest.days)[1]:
            furthest = row


def first_uncovered(one: DateRange, other: DateRange, covering: Iterable[DateRange]) -> datetime.date | None:
    """The first day of both ranges that none of `covering` has; None when there is no such day."""
    (first, end), (other_first, other_end) = span_of(one), span_of(other)
    day, end = max(first, other_first), min(end, other_end)
    for lower, upper in sorted(map(span_of, covering)):
        if lower <= day < upper:
            day = upper
    return day if day < end else None
