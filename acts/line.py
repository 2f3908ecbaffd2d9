"""One line of an act explained: the child's sheet of the month, the calculation in words, what was billed before."""

from dataclasses import dataclass

from acts.models import Charge
from registry.marks import legend, weeks_of
from registry.models import Sheet
from registry.reckoning import Reckoning, reckon, study_month
from voucher_portal.dates import Month

NO_STUDY = "0" * 31


@dataclass(frozen=True)
class Explained:
    """A charge beside its sheet as it stands now (the newest version), the calculation and the month's other lines."""

    charge: Charge
    lines: list[Charge]
    sheet: Sheet | None
    weeks: list
    legend: list[dict]
    reckonings: list[Reckoning]


def explain(charge: Charge) -> Explained:
    """Everything that the page of a line shows. Eight queries, whatever the size of the act."""
    first, contract = charge.service_month, charge.contract
    sheet = Sheet.objects.filter(contract=contract, month=first).first()
    calendar = study_month(contract.programme, first)
    weeks = weeks_of(
        first, sheet.marks if sheet else "", calendar.study_mask if calendar else NO_STUDY, Month.of(first).days
    )
    own = [each for each in reckon(charge.voucher, first) if each.contract.pk == contract.pk]
    return Explained(charge, _lines_of_month(charge), sheet, weeks, legend(), own)


def _lines_of_month(charge: Charge) -> list[Charge]:
    """What acts of the provider have billed for this contract and month up to this act, the oldest first."""
    billed = Charge.objects.filter(contract=charge.contract_id, service_month=charge.service_month)
    billed = billed.filter(act__provider=charge.act.provider_id, bill_month__lte=charge.bill_month)
    return list(billed.select_related("act").order_by("bill_month", "pk"))
