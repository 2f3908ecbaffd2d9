"""What a guardian's pages read. Every lookup begins from the guardian's own contracts, so no other child is found."""

import datetime
from collections.abc import Collection
from dataclasses import dataclass, field

from django.http import Http404

from accounts.models import User
from registry.enums import ContractStatus
from registry.models import Child, Contract, Sheet, Voucher
from registry.statement import Statement, statements_of


@dataclass
class Family:
    """A child of a guardian with contracts and vouchers, the newest first, and the sheets that are in work."""

    child: Child
    contracts: list[Contract] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    sheets: list[Sheet] = field(default_factory=list)

    def contract_on(self, day: datetime.date) -> Contract:
        """The contract that holds on `day`, else the newest."""
        return next((contract for contract in self.contracts if day in contract.days), self.contracts[0])


def children_of(guardian: User, child_ids: Collection[int] | None = None) -> list[Family]:
    """The guardian's children in the order of the alphabet, all or those named. Five queries for any number."""
    own = Child.objects.filter(
        pk__in=Contract.objects.filter(guardian=guardian).exclude(status=ContractStatus.ANNULLED).values("child")
    )
    if child_ids is not None:
        own = own.filter(pk__in=child_ids)
    families = {child.pk: Family(child) for child in own.order_by("sort_key", "pk")}
    contracts = Contract.objects.filter(child__in=families).exclude(status=ContractStatus.ANNULLED)
    for contract in contracts.select_related("provider__organisation").order_by("-starts_on", "-pk"):
        families[contract.child_id].contracts.append(contract)
    vouchers = Voucher.objects.filter(child__in=families).order_by("-start_year", "programme")
    for statement in statements_of(vouchers):
        families[statement.voucher.child_id].statements.append(statement)
    return list(families.values())


def own_voucher(guardian: User, public_id) -> tuple[Family, Statement]:
    """A voucher of the guardian's child, with the child.

    Raises:
        Http404: there is no such voucher, or it is another family's.
    """
    voucher = Voucher.objects.filter(public_id=public_id).only("child_id").first()
    families = children_of(guardian, [voucher.child_id]) if voucher else []
    for family in families:
        for statement in family.statements:
            if statement.voucher.public_id == public_id:
                return family, statement
    raise Http404
