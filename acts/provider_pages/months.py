"""Which month of which programme a provider's page shows, and the months that can be chosen."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from registry.models import StudyMonth
from registry.reckoning import NEVER, closed_through
from schools.models import Provider
from voucher_portal.dates import Month, SchoolYear


@dataclass(frozen=True)
class ShownMonth:
    """A month of a programme: its calendar (None where there are no lessons), and the months beside it."""

    programme: str
    month: datetime.date
    study: StudyMonth | None
    choices: list[datetime.date]
    year_before: datetime.date | None
    closed_through: datetime.date
    is_over: bool

    @property
    def is_closed(self) -> bool:
        return self.closed_through >= self.month

    @property
    def calendar_month(self) -> Month:
        return Month.of(self.month)

    @property
    def school_year(self) -> SchoolYear:
        return SchoolYear.of(self.month)


def shown_month(provider: Provider, asked: Mapping[str, str], today: datetime.date) -> ShownMonth:
    """The programme and month of the address, else the month that is to be closed next. Two queries.

    What is not there falls back silently: an address typed by hand is no reason for an error page.
    """
    programmes = provider.programmes
    programme = asked.get("programme") if asked.get("programme") in programmes else programmes[0]
    begun = {
        each.month: each for each in StudyMonth.objects.filter(programme=programme, is_part=True, month__lte=today)
    }
    closed = closed_through([provider.issuer_id], programme).get(provider.issuer_id, NEVER)
    month = _asked_month(asked.get("month", ""), begun) or _due_month(begun, closed, today)
    year = SchoolYear.of(month)
    return ShownMonth(
        programme=programme,
        month=month,
        study=begun.get(month),
        choices=sorted(each for each in begun if each in year),
        year_before=max((each for each in begun if each < year.first), default=None),
        closed_through=closed,
        is_over=Month.of(month).last < today,
    )


def _asked_month(text: str, begun: Mapping[datetime.date, StudyMonth]) -> datetime.date | None:
    try:
        month = Month.parse(text).first
    except ValueError:
        return None
    return month if month in begun else None


def _due_month(begun: Mapping, closed: datetime.date, today: datetime.date) -> datetime.date:
    """The month before while it is open, because its act is what the organisation works on; else the current one."""
    before = Month.of(today).previous().first
    if before in begun and before > closed:
        return before
    return max(begun, default=Month.of(today).first)
