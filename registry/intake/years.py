"""When the school years of programmes end: a contract without a last day runs that far."""

import datetime

from registry.models import RuleSet
from registry.rules import DEFAULT_PARTS
from voucher_portal.dates import Month


class ProgrammeYears:
    """Knows when the school years of programmes end. One query, whatever the number of contracts."""

    def __init__(self):
        self.rule_sets = list(RuleSet.objects.all())
        self.known: dict[tuple, str] = {}

    def days_of(self, programme: str, starts_on: datetime.date, ends_on: datetime.date | None) -> str:
        """The days of a contract as a range of PostgreSQL; with no last day it runs to the end of its year."""
        key = (programme, starts_on, ends_on)
        if key not in self.known:
            self.known[key] = f"[{starts_on},{ends_on or self.end_of_year(programme, starts_on)}]"
        return self.known[key]

    def end_of_year(self, programme: str, day: datetime.date) -> datetime.date:
        """The last day of the month of the last part of the year in which `day` lies, or that follows it.

        A school contract that begins in August belongs to the year that begins in September. Source: contracts/lms.md
        (`ends_on`), S1 (months of the parts).
        """
        rules = next((r for r in self.rule_sets if r.programme == programme and day in r.days), None)
        last_month = (rules.parts if rules else DEFAULT_PARTS[programme])[-1]
        last = Month(day.year + (day.month > last_month), last_month)
        return max(last.last, day)
