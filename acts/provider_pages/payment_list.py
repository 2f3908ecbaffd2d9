"""The payments to a provider: orders by act and source, and what was received by month."""

import datetime
from decimal import Decimal

from django.db.models import Sum
from django.db.models.functions import TruncMonth
from django.utils.translation import gettext_lazy as _
from django_filters import ChoiceFilter, FilterSet

from acts.enums import OrderState
from acts.models import PaymentOrder
from acts.provider_pages.access import ProviderListing
from registry.enums import Source
from schools.models import Provider
from voucher_portal import words
from voucher_portal.dates import ALMATY
from voucher_portal.listing import Column

MONTHS_SHOWN = 12


class PaymentFilter(FilterSet):
    """Filters of the payments."""

    source = ChoiceFilter(label=_("Funding source"), choices=Source, empty_label=_("All"))
    state = ChoiceFilter(label=_("Status"), choices=OrderState, empty_label=_("All"))

    class Meta:
        model = PaymentOrder
        fields: list[str] = []

    def __init__(self, *args, provider: Provider, **kwargs):
        super().__init__(*args, **kwargs)


class PaymentList(ProviderListing):
    """The list of the page, and its exports: one row for an act and a source."""

    title = _("Payments")
    name = "payments"
    filters = PaymentFilter
    order = "-changed"
    empty = _("Payments will appear here after the department accepts your first act.")
    columns = [
        Column(
            "act", _("Act"), "act.number", sort="act__number", on_phone=True,
            link=lambda order: order.act.get_absolute_url(),
        ),
        Column("month", _("Month"), "act.bill_month", show=words.month_words, sort="act__bill_month"),
        Column("source", _("Funding source"), "get_source_display", sort="source"),
        Column("amount", _("Amount"), "amount_kzt", show=words.kzt, sort="amount_kzt", is_number=True, on_phone=True),
        Column("pay", _("To pay"), "pay_kzt", show=words.kzt, sort="pay_kzt", is_number=True),
        Column("state", _("Status"), "get_state_display", badge="state", sort="state", on_phone=True),
        Column("changed", _("Since"), "changed_at", show=words.moment, sort="changed_at", on_phone=True),
        Column("reason", _("Reason"), "reason"),
    ]  # fmt: skip

    def __init__(self, request, provider: Provider):
        orders = PaymentOrder.objects.filter(act__provider=provider).select_related("act")
        super().__init__(request, orders, provider)


def received_by_month(provider: Provider) -> list[tuple[datetime.date, Decimal]]:
    """What the treasury has paid, KZT by the month of payment, the newest first. One query."""
    month = TruncMonth("changed_at", tzinfo=ALMATY)
    paid = PaymentOrder.objects.filter(act__provider=provider, state=OrderState.PAID).order_by()
    totals = paid.annotate(month=month).values("month").annotate(total=Sum("pay_kzt")).order_by("-month")
    return [(row["month"].date(), row["total"]) for row in totals[:MONTHS_SHOWN]]
