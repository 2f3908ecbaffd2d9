"""How many children, acts and organisations stand behind the sums of the overview."""

import datetime
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Count, Q

from acts.department_pages.funding import WHAT_TO_DO
from acts.department_pages.period import Period
from acts.department_pages.remembering import remembered
from acts.enums import ActState
from acts.models import Act
from registry.enums import PartState, UnfundedReason
from schools.models import Issuer
from voucher_portal import sql

# One count reads a city's parts (0.2 s for 88 000 children), so the page shows the last one with its time.
KEPT_SECONDS = 600


@dataclass(frozen=True)
class Children:
    """Children of a month by the state of their part, as they were at `at`."""

    by_state: dict[str, int]
    at: datetime.datetime

    @property
    def reserved(self) -> int:
        return self.by_state.get(PartState.RESERVED, 0)

    @property
    def written_off(self) -> int:
        return self.by_state.get(PartState.WRITTEN_OFF, 0)

    @property
    def redeemed(self) -> int:
        return self.by_state.get(PartState.REDEEMED, 0)


def children_of(issuers: list[Issuer], period: Period, now: datetime.datetime) -> Children:
    """The counts of the last ten minutes, else counted now. No query, or one."""
    ids = [issuer.pk for issuer in issuers]
    key = f"department-children:{'-'.join(map(str, ids))}:{period.programme}:{period.month}"
    params = {"issuers": ids, "programmes": period.programmes, "month": period.month.first}
    return remembered(key, KEPT_SECONDS, lambda: Children(dict(sql.fetch("acts/department_children", **params)), now))


def acts_of(issuers: list[Issuer], period: Period) -> dict[str, int]:
    """Acts billed in the month: all of them, those not paid yet, and the organisations paid. One query."""
    closes = {"close__issuer__in": issuers, "close__programme__in": period.programmes}
    return Act.objects.filter(**closes, close__month=period.month.first).aggregate(
        all=Count("pk"),
        unpaid=Count("pk", filter=~Q(state=ActState.PAID)),
        paid_providers=Count("provider", distinct=True, filter=Q(state=ActState.PAID)),
    )


@dataclass(frozen=True)
class Unfunded:
    """Children without funding for one reason: what they would cost a year and what to do."""

    reason: UnfundedReason
    children: int
    providers: int
    year_kzt: Decimal | None

    @property
    def what_to_do(self):
        return WHAT_TO_DO[self.reason]


@dataclass
class UnfundedChildren:
    """All children without funding in a month, and by reason."""

    children: int = 0
    reasons: list[Unfunded] = field(default_factory=list)


def unfunded_of(issuers: list[Issuer], period: Period) -> UnfundedChildren:
    """One query over the contracts that are not funded (index `contract_unfunded`), never over all."""
    found = UnfundedChildren()
    params = {"issuers": [issuer.pk for issuer in issuers], "programmes": period.programmes}
    days = {"first": period.month.first, "last": period.month.last}
    for reason, children, providers, year_kzt in sql.fetch("acts/department_unfunded", **params, **days):
        if reason is None:
            found.children = children
        else:
            found.reasons.append(Unfunded(UnfundedReason(reason), children, providers, year_kzt))
    return found
