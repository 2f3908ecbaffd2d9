"""The home of a provider's staff: the month in work, the newest act, the money, what would hold up the next act."""

import datetime
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Exists, Func, OuterRef, Q, QuerySet, Sum, Value
from django.utils.translation import gettext as _

from acts.enums import ActState
from acts.models import Act
from acts.provider_pages.contingent import group_order
from acts.provider_pages.months import ShownMonth
from acts.provider_pages.sheets import MISSING, contracts_in
from registry.enums import UNKNOWN_CONTRACT, UNKNOWN_PROVIDER, Funding, ItemKind, SheetStatus, UnfundedReason
from registry.models import Contract, PutAside, Reservation
from schools.models import Provider, Suspension
from voucher_portal.dates import SchoolYear

ZERO = Decimal("0.00")
ASIDE_SHOWN = 5


@dataclass(frozen=True)
class GroupState:
    """How many funded children of a group have an approved sheet, one that is being filled in, or none."""

    name: str
    approved: int
    draft: int
    missing: int

    @property
    def children(self) -> int:
        return self.approved + self.draft + self.missing

    @property
    def not_ready(self) -> int:
        return self.draft + self.missing


def groups_of(provider: Provider, shown: ShownMonth) -> list[GroupState]:
    """The groups of the month, by number and letter. One query."""
    counts = {
        state: Count("pk", filter=Q(sheet_state=state)) for state in (SheetStatus.APPROVED, SheetStatus.DRAFT, MISSING)
    }
    funded = contracts_in(provider, shown).filter(funding=Funding.FUNDED).order_by()
    rows = funded.values("group_name").annotate(
        approved=counts[SheetStatus.APPROVED], draft=counts[SheetStatus.DRAFT], missing=counts[MISSING]
    )
    groups = [GroupState(row["group_name"], row["approved"], row["draft"], row["missing"]) for row in rows]
    return sorted(groups, key=lambda group: group_order(group.name))


def whole(groups: list[GroupState]) -> GroupState:
    """All groups together."""
    sums = [sum(getattr(group, name) for group in groups) for name in ("approved", "draft", "missing")]
    return GroupState("", *sums)


def unfunded_by_reason(provider: Provider) -> list[dict]:
    """Contracts that are not funded, by reason, most first: reason, label, count. One query."""
    unfunded = Contract.objects.filter(provider=provider, funding=Funding.UNFUNDED).order_by()
    rows = unfunded.values("unfunded_reason").annotate(count=Count("pk")).order_by("-count", "unfunded_reason")
    return [
        {
            "reason": row["unfunded_reason"],
            "label": UnfundedReason(row["unfunded_reason"]).label,
            "count": row["count"],
        }
        for row in rows
    ]


def items_aside(provider: Provider) -> QuerySet[PutAside]:
    """Items of the provider's LMS that wait: those that name it, and sheets of its contracts; the newest first."""
    own = Contract.objects.filter(
        provider=provider, lms=OuterRef("lms"), external_id=Func(OuterRef("key"), Value(" "), 1, function="split_part")
    )
    is_own_sheet = Q(lms=provider.lms_id, provider=None, kind=ItemKind.SHEET) & Q(Exists(own))
    waiting = PutAside.objects.waiting().filter(Q(provider=provider) | is_own_sheet)
    return waiting.order_by("-last_seen_at", "-pk")


def aside_words(item: PutAside) -> str:
    """What an item waits for, or what is wrong with it and what to do."""
    waits = {
        UNKNOWN_CONTRACT: _("The sheet waits for its contract. Your LMS has to send the contract."),
        UNKNOWN_PROVIDER: _("The organisation of the contract is not in the register yet."),
    }
    return waits.get(item.reason, item.message)


@dataclass(frozen=True)
class MonthMoney:
    """A month's money, KZT: promised for it, and in its act: charged, of which the treasury has paid."""

    month: datetime.date
    reserved: Decimal = ZERO
    charged: Decimal = ZERO
    received: Decimal = ZERO


def money_by_month(provider: Provider, shown: ShownMonth) -> list[MonthMoney]:
    """The school year's months: reserved while open, then the act's sum by whether it is paid. Two queries."""
    year = SchoolYear.of(shown.month)
    in_year = (year.first, year.last)
    sums: dict[datetime.date, dict[str, Decimal]] = defaultdict(dict)
    reserved = Reservation.objects.filter(
        contract__provider=provider, contract__programme=shown.programme, month__range=in_year,
        month__gt=shown.closed_through,
    ).order_by()  # fmt: skip
    for month, total in reserved.values("month").annotate(total=Sum("reserved_kzt")).values_list("month", "total"):
        sums[month]["reserved"] = total
    acts = Act.objects.filter(provider=provider, state_order__programme=shown.programme, bill_month__range=in_year)
    is_paid = Q(state=ActState.PAID)
    billed = (
        acts.order_by()
        .values("bill_month")
        .annotate(
            charged=Sum("amount_kzt", filter=~is_paid, default=ZERO),
            received=Sum("amount_kzt", filter=is_paid, default=ZERO),
        )
    )
    for row in billed:
        sums[row["bill_month"]] |= {"charged": row["charged"], "received": row["received"]}
    return [MonthMoney(month, **sums[month]) for month in sorted(sums)]


def newest_act(provider: Provider) -> Act | None:
    """The newest act. One query."""
    return Act.objects.filter(provider=provider).order_by("-bill_month", "-pk").first()


def suspension_on(provider: Provider, day: datetime.date) -> Suspension | None:
    """The suspension that holds the payments on `day`, or None. One query."""
    return Suspension.objects.filter(provider=provider, days__contains=day).first()
