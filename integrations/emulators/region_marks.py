"""Marks of a month's sheet as children really come and stay away."""

import datetime
import random
from dataclasses import dataclass

from integrations.emulators.region_reference import study_days
from voucher_portal.dates import Month

VARIANTS = 300
# Chance that a child is away once in the month, and for how many study days.
_ABSENCES = [("S", 0.28, 2, 6), ("L", 0.06, 2, 5), ("Q", 0.01, 3, 3)]
_NO_REASON_A_DAY = 0.015


@dataclass(frozen=True)
class MonthMarks:
    """What sheets of one programme and month look like: a store of ready whole-month variants."""

    month: Month
    study_days: frozenset[datetime.date]
    variants: tuple[str, ...]

    @classmethod
    def make(cls, rng: random.Random, programme: str, month: Month) -> "MonthMarks":
        """Prepare the variants; made once, because a city has hundreds of thousands of sheets."""
        days = frozenset(study_days(programme, "2025/26", month))
        return cls(month, days, tuple(_variant(rng, month, days) for _ in range(VARIANTS)))

    def whole(self, mark: str) -> str:
        """The same mark on every study day."""
        return "".join(mark if day in self.study_days else "H" for day in self.month.dates())

    def cut(self, marks: str, first: datetime.date, last: datetime.date | None) -> str:
        """The marks with a full stop on the days outside first..last."""
        before = max(0, (first - self.month.first).days)
        after = 0 if last is None else max(0, (self.month.last - last).days)
        if not before and not after:
            return marks
        return ("." * before + marks[before : len(marks) - after] + "." * after)[: len(marks)]

    def holds(self, first: datetime.date, last: datetime.date | None) -> bool:
        """Whether a contract of these days has a day in the month."""
        return first <= self.month.last and (last is None or last >= self.month.first)


def _variant(rng: random.Random, month: Month, days: frozenset[datetime.date]) -> str:
    study = sorted(day.day - 1 for day in days)
    marks = ["H"] * month.days
    for place in study:
        marks[place] = "N" if rng.random() < _NO_REASON_A_DAY else "P"
    for mark, chance, shortest, longest in _ABSENCES:
        if rng.random() < chance:
            start = rng.randrange(len(study))
            for place in study[start : start + rng.randint(shortest, longest)]:
                marks[place] = mark
    return "".join(marks)
