"""What an act says, ready to be printed: the fields of form Р-1, the same for the page and for the PDF.

The services are grouped in the database, so the form costs the same for ten children and for a thousand; only the
annexes have a row for each charge. Source: REG §13.2 (form Р-1, annex 50 of Order 562), §13.1 step 2.
"""

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import count

from django.db.models import Count, QuerySet, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from acts.enums import ChargeKind
from acts.models import Act, Charge
from registry.enums import Level
from registry.models import LateFact
from voucher_portal.identifiers import mask_iin
from voucher_portal.money import round_half_up

SIGNS = {ChargeKind.ORIGINAL: "+", ChargeKind.REFUND: "\N{MINUS SIGN}", ChargeKind.CORRECTION: "="}
CAUSES = {
    "SHEET": _("The sheet was changed or approved after the month was closed"),
    "CONTRACT": _("The contract was changed after the month was closed"),
}
# What the form prints of an act beside its own columns: for `select_related`.
PARTIES = ("provider__organisation", "provider__issuer__organisation", "state_order", "close")
OTHER_CAUSE = _("Another contract of the child in this month was changed")


@dataclass(frozen=True)
class ServiceLine:
    """One line of the table of services: child-days of one month, level and nominal. Sums in tenge."""

    number: int
    kind: ChargeKind
    level: Level
    month: datetime.date
    nominal_kzt: Decimal
    study_days: int
    charges: int
    children: int
    days: int
    amount_kzt: Decimal

    @property
    def price_kzt(self) -> Decimal:
        """One child-day to the tiyn, for information: the cost adds up the sums of the children."""
        return round_half_up(self.nominal_kzt / self.study_days)

    @property
    def is_correction(self) -> bool:
        """Whether the line takes back or replaces what an earlier act billed."""
        return self.kind != ChargeKind.ORIGINAL


@dataclass(frozen=True)
class ServiceGroup:
    """Lines of the act's own month, or of earlier months, with their sums."""

    lines: list[ServiceLine]

    @property
    def days(self) -> int:
        """Child-days; those that are taken back count negative."""
        return sum(line.days for line in self.lines)

    @property
    def amount_kzt(self) -> Decimal:
        """Sum of the lines, KZT."""
        return sum((line.amount_kzt for line in self.lines), Decimal("0.00"))


@dataclass(frozen=True)
class Paper:
    """An act with the lines of its form; `act` brings the parties, the numbers, the days and the totals."""

    act: Act
    current: ServiceGroup
    earlier: ServiceGroup

    @property
    def days(self) -> int:
        """Child-days of the whole act."""
        return self.current.days + self.earlier.days

    @property
    def annex_rows(self) -> int:
        """How many lines the list of children has."""
        return sum(line.charges for group in (self.current, self.earlier) for line in group.lines)


@dataclass(frozen=True)
class AnnexRow:
    """One charge in the list of children: the child is told by masked IIN and the contract's number in the LMS."""

    number: int
    charge: Charge

    @property
    def iin(self) -> str:
        """`1901******18`."""
        return mask_iin(self.charge.contract.child.iin)

    @property
    def sign(self) -> str:
        """The kind for black and white: + charge, − refund, = recalculation."""
        return SIGNS[ChargeKind(self.charge.kind)]


@dataclass(frozen=True)
class Recalculation:
    """What an older month of a contract was billed as, what it is now, and why. Either side may be absent."""

    number: int
    old: Charge | None
    new: Charge | None
    cause: str | Promise

    @property
    def any(self) -> Charge:
        """The charge that names child, contract and month."""
        return self.new or self.old

    @property
    def iin(self) -> str:
        """`1901******18`."""
        return mask_iin(self.any.contract.child.iin)

    @property
    def before_kzt(self) -> Decimal | None:
        """What was billed before, KZT."""
        return -self.old.amount_kzt if self.old else None

    @property
    def difference_kzt(self) -> Decimal:
        """New minus old, KZT; a refund is stored negative."""
        return sum((charge.amount_kzt for charge in (self.old, self.new) if charge), Decimal("0.00"))


def paper_of(act: Act) -> Paper:
    """The form of `act`, which has to bring its `PARTIES`. One query."""
    numbers = count(1)
    rows = list(_grouped(act))
    current = [row for row in rows if _is_current(row, act)]
    earlier = [row for row in rows if not _is_current(row, act)]
    return Paper(act, _group(current, numbers), _group(earlier, numbers))


def _grouped(act: Act) -> QuerySet:
    keys = ("service_month", "kind", "contract__level", "nominal_kzt", "study_days")
    found = Charge.objects.filter(act=act).order_by().values(*keys)
    found = found.annotate(children=Count("contract__child", distinct=True), days=Sum("paid_days"))
    return found.annotate(charges=Count("pk"), amount=Sum("amount_kzt"))


def _is_current(row: dict, act: Act) -> bool:
    return row["service_month"] == act.bill_month and row["kind"] == ChargeKind.ORIGINAL


def _group(rows: Iterable[dict], numbers: Iterator[int]) -> ServiceGroup:
    return ServiceGroup([_line(row, next(numbers)) for row in sorted(rows, key=_order)])


def _order(row: dict) -> tuple:
    kind, level = ChargeKind.values.index(row["kind"]), Level.values.index(row["contract__level"])
    return row["service_month"], kind, level, row["nominal_kzt"], row["study_days"]


def _line(row: dict, number: int) -> ServiceLine:
    kind = ChargeKind(row["kind"])
    return ServiceLine(
        number=number,
        kind=kind,
        level=Level(row["contract__level"]),
        month=row["service_month"],
        nominal_kzt=row["nominal_kzt"],
        study_days=row["study_days"],
        charges=row["charges"],
        children=row["children"],
        days=-row["days"] if kind == ChargeKind.REFUND else row["days"],
        amount_kzt=row["amount"],
    )


def annex_of(act: Act) -> list[AnnexRow]:
    """Every charge by group and child. One query."""
    charges = Charge.objects.filter(act=act).select_related("contract__child")
    charges = charges.order_by("contract__group_name", "contract__child__sort_key", "service_month", "pk")
    return [AnnexRow(number, charge) for number, charge in enumerate(charges, start=1)]


def recalculations_of(act: Act, annex: list[AnnexRow]) -> list[Recalculation]:
    """The rows of the annex that are about earlier months, as pairs of old and new. One query, none without any."""
    pairs: dict[tuple, dict[str, Charge]] = {}
    for charge in (row.charge for row in annex):
        if charge.service_month != act.bill_month or charge.kind != ChargeKind.ORIGINAL:
            side = "old" if charge.kind == ChargeKind.REFUND else "new"
            pairs.setdefault((charge.contract_id, charge.service_month), {})[side] = charge
    causes = _causes(act, pairs)
    return [
        Recalculation(number, pair.get("old"), pair.get("new"), causes.get(key, OTHER_CAUSE))
        for number, (key, pair) in enumerate(pairs.items(), start=1)
    ]


def _causes(act: Act, keys) -> dict[tuple, Promise]:
    """Why a month of a contract was looked at again: the late fact that this act's close billed."""
    if not keys:
        return {}
    facts = LateFact.objects.filter(
        contract__in={contract for contract, _month in keys}, billed_at=act.close.closed_at
    )
    return {
        (contract, month): CAUSES.get(reason, OTHER_CAUSE)
        for contract, month, reason in facts.values_list("contract", "month", "reason")
    }
