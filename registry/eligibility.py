"""Which contracts are funded, and why one is not: a pure decision over a whole poll, in the order that the rule gives.

Source: contracts/reference-data.md, "When a contract is funded".
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from registry.enums import INELIGIBLE, ContractStatus, Funding, UnfundedReason

# Budget key: issuer, programme, financial year, source. KZT.
BudgetKey = tuple[int, str, int, str]
Need = dict[tuple[int, str], Decimal]
ZERO = Decimal(0)


class Candidate(NamedTuple):
    """A contract to be decided on. `days` are [first, end); `need` gives KZT by (financial year, source)."""

    contract_id: int
    version: int
    child_id: int
    provider_id: int
    issuer_id: int
    programme: str
    first_day: date
    end_day: date
    signed_at: datetime
    lms_code: str
    external_id: str
    status: str
    funding: str
    unfunded_reason: str
    is_settled: bool
    life_status: str
    places: int
    is_suspended: bool
    is_terminated: bool
    norm_id: int | None


class Decision(NamedTuple):
    """FUNDED, UNFUNDED with the first reason that holds, or NONE for an annulled contract, in this version."""

    contract_id: int
    version: int
    funding: str
    unfunded_reason: str = ""
    norm_id: int | None = None


@dataclass
class Places:
    """Funded contracts of providers and children, growing as decisions are taken."""

    of_child: dict[tuple[int, str], list[tuple[date, date]]] = field(default_factory=lambda: defaultdict(list))
    of_provider: dict[int, list[tuple[date, date]]] = field(default_factory=lambda: defaultdict(list))

    def take(self, child_id: int, provider_id: int, programme: str, first_day: date, end_day: date) -> None:
        """A funded contract holds its child's days and a place of its provider."""
        self.of_child[child_id, programme].append((first_day, end_day))
        self.of_provider[provider_id].append((first_day, end_day))

    def is_child_elsewhere(self, c: Candidate) -> bool:
        return any(first < c.end_day and c.first_day < end for first, end in self.of_child[c.child_id, c.programme])

    def is_full(self, c: Candidate) -> bool:
        taken = self.of_provider[c.provider_id]
        return len(taken) >= c.places and c.places <= sum(first <= c.first_day < end for first, end in taken)


class Budgets:
    """What may still be reserved, and what each funded contract holds; a year and source without a row has limit 0."""

    def __init__(self, left: dict[BudgetKey, Decimal], held: dict[int, Need] | None = None):
        self.left, self.held = defaultdict(Decimal, left), held or {}

    def allow(self, c: Candidate, need: Need) -> bool:
        """Whether there is room for what the contract needs beyond what it holds."""
        return all(
            amount <= 0 or amount <= self.left[c.issuer_id, c.programme, year, source]
            for (year, source), amount in self._more(c, need).items()
        )

    def take(self, c: Candidate, need: Need) -> None:
        """The contract holds `need` from now on: nothing when it lost its place."""
        for (year, source), amount in self._more(c, need).items():
            self.left[c.issuer_id, c.programme, year, source] -= amount

    def _more(self, c: Candidate, need: Need) -> Need:
        held = self.held.get(c.contract_id)
        if not held:
            return need
        return {key: need.get(key, ZERO) - held.get(key, ZERO) for key in need.keys() | held.keys()}


def in_order(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Annulled ones make room, those funded earlier keep their place; the others by signed_at, LMS code, number."""
    return sorted(
        candidates,
        key=lambda c: (
            c.status != ContractStatus.ANNULLED, c.funding != Funding.FUNDED, c.signed_at, c.lms_code, c.external_id
        ),
    )  # fmt: skip


def decide(
    candidates: Iterable[Candidate], places: Places, budgets: Budgets, need_of: Callable[[Candidate], Need | None]
) -> list[Decision]:
    """Decide on every candidate in order; `places` and `budgets` are used up as it goes.

    `need_of` gives what a contract would reserve, KZT by year and source, or None when no state order covers a day.
    """
    return [_decide_one(c, places, budgets, need_of) for c in in_order(candidates)]


def _decide_one(c: Candidate, places: Places, budgets: Budgets, need_of) -> Decision:
    if c.status == ContractStatus.ANNULLED:
        budgets.take(c, {})
        return Decision(c.contract_id, c.version, Funding.NONE)
    need = need_of(c)
    reason = _first_reason(c, places, budgets, need)
    if reason:
        budgets.take(c, {})
        return Decision(c.contract_id, c.version, Funding.UNFUNDED, reason)
    places.take(c.child_id, c.provider_id, c.programme, c.first_day, c.end_day)
    budgets.take(c, need)
    return Decision(c.contract_id, c.version, Funding.FUNDED, "", c.norm_id)


def _first_reason(c: Candidate, places: Places, budgets: Budgets, need: Need | None) -> str:
    """The first reason that holds, or none. A funded contract keeps its place in a suspended or a full house."""
    keeps = c.funding == Funding.FUNDED
    checks = (
        (UnfundedReason.NO_STATE_ORDER, lambda: need is None),
        (UnfundedReason.PROVIDER_SUSPENDED, lambda: c.is_suspended and not keeps),
        (UnfundedReason.PROVIDER_TERMINATED, lambda: c.is_terminated),
        (UnfundedReason.CHILD_ELSEWHERE, lambda: places.is_child_elsewhere(c)),
        (UnfundedReason.OVER_CAPACITY, lambda: not keeps and places.is_full(c)),
        (UnfundedReason.NO_NORM, lambda: c.norm_id is None),
        (UnfundedReason.BUDGET_EXHAUSTED, lambda: not budgets.allow(c, need)),
        (UnfundedReason.CHILD_NOT_ELIGIBLE, lambda: c.life_status in INELIGIBLE),
    )
    return next((reason for reason, holds in checks if holds()), "")
