"""The lines of an act as a list: by group, with search, pages and downloads."""

from django.db.models import OuterRef, QuerySet, Subquery
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_filters import ChoiceFilter, FilterSet

from acts.enums import ChargeKind
from acts.models import Act, Charge
from voucher_portal import words
from voucher_portal.identifiers import mask_iin
from voucher_portal.listing import Column, Listing, PeopleSearchFilter

GROUP = "contract__group_name"
CHILD_NAME = "contract__child__sort_key"


def lines_of(act: Act) -> QuerySet[Charge]:
    """The charges of `act` with their children; a recalculation also has what its refund took back."""
    refund = Charge.objects.filter(
        act=act, contract=OuterRef("contract"), service_month=OuterRef("service_month"), kind=ChargeKind.REFUND
    ).order_by()
    found = Charge.objects.filter(act=act).select_related("act", "contract__child", "voucher")
    return found.annotate(
        days_before=Subquery(refund.values("paid_days")[:1]), refund_kzt=Subquery(refund.values("amount_kzt")[:1])
    )


def line_address(charge: Charge) -> str:
    """The page that explains the line by the child's sheet."""
    return reverse("acts:line", args=[charge.act.public_id, charge.pk])


def _days_before(charge: Charge) -> int | None:
    return charge.days_before if charge.kind == ChargeKind.CORRECTION else None


def _sum_before(charge: Charge):
    return -charge.refund_kzt if charge.kind == ChargeKind.CORRECTION and charge.refund_kzt else None


# What a person looks for stands first; the rest scrolls, and is in the downloads.
FIRST = [
    Column("child", _("Child"), "contract.child.full_name", link=line_address, sort=CHILD_NAME, on_phone=True),
    Column("group", _("Class or group"), "contract.group_name", sort=(GROUP, CHILD_NAME)),
    Column("month", _("Month of service"), "service_month", show=words.month_words, sort="service_month"),
    Column("kind", _("Kind"), "get_kind_display", sort="kind", on_phone=True),
    Column("days", _("Paid days"), "paid_days", show=words.number, sort="paid_days", is_number=True),
    Column("amount", _("Amount"), "amount_kzt", show=words.kzt, sort="amount_kzt", is_number=True, on_phone=True),
]
BEFORE = [
    Column("days_before", _("Days before"), _days_before, show=words.number, is_number=True),
    Column("sum_before", _("Sum before"), _sum_before, show=words.kzt, is_number=True),
]
LAST = [
    Column("study_days", _("Study days"), "study_days", show=words.number, is_number=True),
    Column("nominal", _("Nominal"), "nominal_kzt", show=words.kzt, sort="nominal_kzt", is_number=True),
    Column("local", _("Local budget"), "local_kzt", show=words.kzt, is_number=True),
    Column("republican", _("Republican budget"), "republican_kzt", show=words.kzt, is_number=True),
    Column("iin", _("IIN"), lambda charge: mask_iin(charge.contract.child.iin)),
]


class LineFilter(FilterSet):
    """Child, group and kind of line; only the groups of this act are offered."""

    search = PeopleSearchFilter(label=_("Name or IIN"), key="contract__child__search_key", iin="contract__child__iin")
    group = ChoiceFilter(label=_("Class or group"), field_name=GROUP, empty_label=_("All groups"))
    kind = ChoiceFilter(label=_("Kind"), choices=ChargeKind, empty_label=_("All lines"))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        groups = self.queryset.order_by(GROUP).values_list(GROUP, flat=True).distinct()
        self.filters["group"].extra["choices"] = [(group, group) for group in groups]


class LineList(Listing):
    """Every charge of an act."""

    title = _("Lines of the act")
    name = "act-lines"
    filters = LineFilter
    order = "group"
    empty = _("The act has no lines.")
    columns = [*FIRST, *LAST]


class RecalculatedLineList(LineList):
    """The charges of an act that changes earlier months: beside the new values stand the old ones."""

    columns = [*FIRST, *BEFORE, *LAST]
