"""The card of a child for an organisation that teaches him: contracts, voucher, sheets. Only what is its own."""

from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import Http404

from acts.provider_pages.sheets import LOOKS
from registry.enums import ContractStatus
from registry.models import Contract, Sheet, Voucher
from registry.statement import Statement, statements_of
from schools.models import Provider


@dataclass(frozen=True)
class ShownSheet:
    """A line of the list of sheets."""

    sheet: Sheet
    contract: Contract

    @property
    def state(self) -> str:
        return LOOKS[self.sheet.status]

    def get_state_display(self) -> str:
        return self.sheet.get_status_display()


def contracts_of_child(provider: Provider, child_id: int) -> list[Contract]:
    """The provider's contracts with a child, the newest first. One query.

    Raises:
        Http404: there is none, or only annulled ones: then the child is no child of this organisation.
    """
    contracts = own_contracts(provider).filter(child=child_id).order_by("-starts_on", "-pk")
    found = list(contracts)
    if not found:
        raise Http404
    return found


def own_contracts(provider: Provider) -> QuerySet[Contract]:
    """Contracts by which the provider teaches, or has taught; with child, guardian and norm."""
    contracts = Contract.objects.filter(provider=provider).exclude(status=ContractStatus.ANNULLED)
    return contracts.select_related("child", "guardian", "norm")


def vouchers_of_child(contracts: list[Contract]) -> list[Statement]:
    """The child's vouchers, the newest first, each with the money of these contracts only. Three queries."""
    vouchers = Voucher.objects.filter(
        child=contracts[0].child_id, programme__in={contract.programme for contract in contracts}
    )
    return statements_of(vouchers.order_by("-start_year", "programme"), [contract.pk for contract in contracts])


def sheets_of_child(contracts: list[Contract]) -> list[ShownSheet]:
    """The sheets of these contracts, the newest first. One query."""
    by_id = {contract.pk: contract for contract in contracts}
    sheets = Sheet.objects.filter(contract__in=by_id).order_by("-month", "-contract_id")
    return [ShownSheet(sheet, by_id[sheet.contract_id]) for sheet in sheets]
