"""A month's sheets of a provider: a row a contract, a cell a day, the days to be paid and the sum that they earn."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from django.db.models import CharField, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django_filters import ChoiceFilter, FilterSet

from acts.models import Charge
from acts.provider_pages.access import ProviderListing
from acts.provider_pages.contingent import group_choices
from acts.provider_pages.months import ShownMonth
from registry.earnings import Earning, MonthRules, earn
from registry.enums import ContractStatus, SheetStatus
from registry.marks import cells_of, day_cells, letter_in_file
from registry.models import Contract, Reservation, Sheet
from registry.reckoning import contract_month, rules_of, sheets_of
from schools.models import Provider
from voucher_portal.dates import Month
from voucher_portal.identifiers import mask_iin
from voucher_portal.listing import Column, PeopleSearchFilter, csv_response, xlsx_response

MISSING = "missing"
SHEET_STATES = [*SheetStatus.choices, (MISSING, _("No sheet"))]
# How each state looks (voucher_portal.states): a sheet that is missing or not approved is waited for.
LOOKS = {SheetStatus.APPROVED: "CONFIRMED", SheetStatus.DRAFT: "PENDING", MISSING: "FAIL"}
NO_LESSONS = "0" * 31


@dataclass(frozen=True)
class Row:
    """One contract's month. `reservation` is None for a contract that is not funded; then it earns nothing."""

    contract: Contract
    sheet: Sheet | None
    reservation: Reservation | None
    earning: Earning | None
    charge: Charge | None
    shown: ShownMonth

    @property
    def marks(self) -> str:
        return self.sheet.marks if self.sheet else ""

    @property
    def is_outdated(self) -> bool:
        """Whether facts have changed since the close, so that the next act will recalculate the month."""
        if self.reservation is None or not self.shown.is_closed:
            return False
        return self.amount_kzt != self.earning.amount_kzt

    @property
    def state(self) -> str:
        """The state's look; until the month is over nobody waits for a sheet."""
        if self.sheet is None and not self.shown.is_over:
            return "NONE"
        return LOOKS[self.sheet.status if self.sheet else MISSING]

    def get_state_display(self) -> str:
        return self.sheet.get_status_display() if self.sheet else str(_("No sheet"))

    @property
    def study_days(self) -> int | None:
        return self.reservation.study_days if self.reservation else None

    @property
    def is_counted(self) -> bool:
        """Whether there is something to count: a funded contract, and a sheet or a closed month."""
        return self.reservation is not None and (self.shown.is_closed or self.sheet is not None)

    @property
    def paid_days(self) -> int | None:
        """Charged when the month is closed; else what the sheet has as it stands."""
        if not self.is_counted:
            return None
        if self.shown.is_closed:
            return self.charge.paid_days if self.charge else 0
        return self.earning.days.paid_days

    @property
    def amount_kzt(self) -> Decimal | None:
        """As `paid_days`, in KZT."""
        if not self.is_counted:
            return None
        if self.shown.is_closed:
            return self.charge.amount_kzt if self.charge else Decimal("0.00")
        return self.earning.amount_kzt


def contracts_in(provider: Provider, shown: ShownMonth) -> QuerySet[Contract]:
    """Contracts with a day in the month, annulled ones left out, with `sheet_state`."""
    status = Sheet.objects.filter(contract=OuterRef("pk"), month=shown.month).values("status")
    month = shown.calendar_month
    return (
        Contract.objects.filter(provider=provider, programme=shown.programme)
        .filter(days__overlap=(month.first, month.next().first))
        .exclude(status=ContractStatus.ANNULLED)
        .select_related("child")
        .annotate(sheet_state=Coalesce(Subquery(status), Value(MISSING), output_field=CharField()))
    )


def rows_of(contracts: Sequence[Contract], shown: ShownMonth, rules: MonthRules) -> list[Row]:
    """The rows of `contracts`, in their order. Three queries for any number of them, one more in a closed month.

    A part may be shared with contracts of other organisations: their days come before or after, and are not shown.
    """
    ids = [contract.pk for contract in contracts]
    month_rows = Reservation.objects.filter(month=shown.month)
    vouchers = month_rows.filter(contract__in=ids).values("voucher")
    reservations = list(
        month_rows.filter(voucher__in=vouchers, covered_days__gt=0).annotate(starts_on=F("contract__starts_on"))
    )
    sheets = sheets_of({*ids, *(each.contract_id for each in reservations)}, shown.month)
    charges = _charges_of(ids, shown) if shown.is_closed else {}
    earnings = _earnings_of(reservations, sheets, rules, is_closed=shown.is_closed)
    own = {each.contract_id: each for each in reservations}
    return [
        Row(
            contract=contract,
            sheet=sheets.get(contract.pk),
            reservation=own.get(contract.pk),
            earning=earnings.get(contract.pk),
            charge=charges.get(contract.pk),
            shown=shown,
        )
        for contract in contracts
    ]


def _charges_of(contract_ids: list[int], shown: ShownMonth) -> dict[int, Charge]:
    live = Charge.objects.live().filter(contract__in=contract_ids, service_month=shown.month)
    return {charge.contract_id: charge for charge in live}


def _earnings_of(reservations, sheets: dict[int, Sheet], rules: MonthRules, *, is_closed: bool) -> dict[int, Earning]:
    parts = defaultdict(list)
    for each in reservations:
        sheet = sheets.get(each.contract_id)
        parts[each.voucher_id].append(contract_month(each, sheet, each.starts_on, is_closed=is_closed))
    return {contract: earning for months in parts.values() for contract, earning in earn(months, rules).items()}


class SheetFilter(FilterSet):
    """Filters of the grid; month and programme are chosen beside them."""

    search = PeopleSearchFilter(key="child__search_key", iin="child__iin")
    group = ChoiceFilter(label=_("Class or group"), field_name="group_name", empty_label=_("All groups"))
    state = ChoiceFilter(label=_("Sheet"), field_name="sheet_state", choices=SHEET_STATES, empty_label=_("All"))

    class Meta:
        model = Contract
        fields: list[str] = []

    def __init__(self, *args, provider: Provider, **kwargs):
        super().__init__(*args, **kwargs)
        self.filters["group"].extra["choices"] = group_choices(provider)


class SheetList(ProviderListing):
    """The grid of the page (`grid`), and its exports: the letters of the days beside the sums."""

    title = _("Sheets")
    name = "sheets"
    filters = SheetFilter
    empty = _("Sheets will appear here when your LMS sends the first one of this month.")

    def __init__(self, request: HttpRequest, provider: Provider, shown: ShownMonth):
        super().__init__(request, contracts_in(provider, shown), provider)
        self.shown = shown
        self.name = f"sheets-{shown.calendar_month}"

    @cached_property
    def rows(self):
        """Filtered contracts in the order of the alphabet."""
        return self.filterset.qs.order_by("child__sort_key", "pk")

    @cached_property
    def rules(self) -> MonthRules:
        return rules_of(self.shown.programme, self.shown.month)

    @cached_property
    def grid(self) -> list[tuple[Row, SafeString]]:
        """The rows of the page, each with the table cells of its days."""
        cells, days = day_cells(), self.shown.calendar_month.days
        study = self.shown.study.study_mask if self.shown.study else NO_LESSONS
        return [
            (row, cells_of(row.marks, study, row.reservation.covered_mask if row.reservation else study, days, cells))
            for row in rows_of(list(self.page), self.shown, self.rules)
        ]

    @property
    def has_outdated(self) -> bool:
        """Whether a month of the page will be recalculated, so that the sign needs its legend."""
        return any(row.is_outdated for row, _cells in self.grid)

    def respond(self, template: str, context: dict | None = None) -> HttpResponse:
        """The page, or the export that the URL asks for."""
        export = {"csv": csv_response, "xlsx": xlsx_response}.get(self.request.GET.get(self.parameter("export"), ""))
        return export(_Export(self)) if export else super().respond(template, context)


class _Export:
    """What an export reads of a listing: its name, columns, and rows piece by piece."""

    def __init__(self, listing: SheetList):
        self.listing = listing
        self.name = listing.name
        self.columns = export_columns(listing.shown.calendar_month)
        self.rows = self

    def iterator(self, chunk_size: int) -> Iterator[Row]:
        """The rows of every filtered contract, `chunk_size` at a time."""
        found, piece = self.listing.rows, []
        for contract in found.iterator(chunk_size=chunk_size):
            piece.append(contract)
            if len(piece) == chunk_size:
                yield from rows_of(piece, self.listing.shown, self.listing.rules)
                piece = []
        yield from rows_of(piece, self.listing.shown, self.listing.rules)


def export_columns(month: Month) -> list[Column]:
    """Who, a column a day, and what it earns."""
    return [
        Column("name", _("Child"), "contract.child.full_name"),
        Column("iin", _("IIN"), lambda row: mask_iin(row.contract.child.iin)),
        Column("group", _("Class or group"), "contract.group_name"),
        *[Column(f"day_{day}", str(day), _letter_on(day)) for day in range(1, month.days + 1)],
        Column("paid_days", _("Paid days"), "paid_days"),
        Column("study_days", _("Study days"), "study_days"),
        Column("amount", _("To be paid, KZT"), "amount_kzt"),
        Column("state", _("Status"), "get_state_display"),
        Column("version", _("Version of the sheet"), lambda row: row.sheet and row.sheet.version),
        Column("received", _("Received from the LMS"), lambda row: row.sheet and row.sheet.received_at),
    ]


def _letter_on(day: int):
    return lambda row: letter_in_file(row.marks[day - 1]) if row.marks else ""
