"""What a contract would reserve, by financial year and source: asked for every contract before it is funded."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property

from registry.eligibility import Candidate, Need
from registry.enums import Source
from registry.models import Norm, StudyMonth
from schools.models import StateOrderContract
from voucher_portal.money import parts_of_norm, share, split_by_source

TIYN = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Part:
    """One month of the calendar that a voucher has a part for."""

    month: date
    start_year: int
    mask: int
    study_days: int
    is_last: bool


class Needs:
    """Computes needs from calendars, norms and state orders that are read once: three queries for any number.

    Equal contracts (same norm, days and state orders) are computed once, so a poll of a city costs some hundred
    computations.
    """

    def __init__(
        self,
        shared_children: frozenset[tuple[int, str]] = frozenset(),
        billed: dict[int, frozenset[date]] | None = None,
    ):
        """`billed`: by contract, months that are closed and need nothing now."""
        # Shares of children with several contracts may differ by a tiyn a month from a contract taken alone.
        self.shared_children = shared_children
        self.billed = billed or {}
        self._known: dict[tuple, Need | None] = {}

    @cached_property
    def parts(self) -> dict[str, list[Part]]:
        months = defaultdict(list)
        for m in StudyMonth.objects.filter(is_part=True).order_by("month"):
            months[m.programme].append(Part(m.month, m.start_year, int(m.study_mask, 2), m.study_days, m.is_last_part))
        return months

    @cached_property
    def norms(self) -> dict[int, Norm]:
        return Norm.objects.in_bulk()

    @cached_property
    def orders(self) -> dict[tuple[int, str], tuple[tuple[date, date], ...]]:
        orders = defaultdict(tuple)
        for order in StateOrderContract.objects.order_by("days"):
            orders[order.provider_id, order.programme] += ((order.days.lower, order.days.upper or date.max),)
        return orders

    def __call__(self, c: Candidate) -> Need | None:
        """KZT by (financial year, source); None when no state order covers a day. No query after the first call."""
        orders = self.orders[c.provider_id, c.programme]
        is_shared, billed = (c.child_id, c.programme) in self.shared_children, self.billed.get(c.contract_id)
        key = (c.programme, c.norm_id, c.first_day, c.end_day, orders, is_shared, billed)
        if key not in self._known:
            self._known[key] = self._compute(c, orders, is_shared, billed or ())
        return self._known[key]

    def _compute(self, c: Candidate, orders, is_shared: bool, billed) -> Need | None:
        spans = [(max(first, c.first_day), min(end, c.end_day)) for first, end in orders]
        spans = [(first, end) for first, end in spans if first < end]
        if not spans:
            return None
        need: Need = defaultdict(Decimal)
        norm = self.norms.get(c.norm_id)
        for part in self.parts[c.programme] if norm else ():
            days = (part.mask & mask_of(part.month, spans)).bit_count()
            if days and part.month not in billed:
                amount = share(self._nominal(norm, part, c.programme), days, 0, part.study_days)
                local, republican = split_by_source(amount, norm.local_kzt, norm.total_kzt)
                slack = TIYN if is_shared else Decimal(0)
                need[part.month.year, Source.LOCAL] += local + (slack if local else 0)
                need[part.month.year, Source.REPUBLICAN] += republican + (slack if republican else 0)
        return dict(need)

    def _nominal(self, norm: Norm, part: Part, programme: str) -> Decimal:
        if norm.per_month:
            return norm.total_kzt
        months = sum(p.start_year == part.start_year for p in self.parts[programme])
        return parts_of_norm(norm.total_kzt, months)[-1 if part.is_last else 0]


def mask_of(month: date, spans: list[tuple[date, date]]) -> int:
    """The days of the month inside any of the spans [first, end), as a number of 31 bits, the first day highest."""
    mask = 0
    for first, end in spans:
        start = max((first - month) // timedelta(days=1), 0)
        stop = min((end - month) // timedelta(days=1), 31)
        if start < stop:
            mask |= ((1 << (stop - start)) - 1) << (31 - stop)
    return mask
