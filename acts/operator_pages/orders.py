"""Payment orders as a list, for the operator and the department: what is owed, in which state, and why it waits."""

from django.db.models import Prefetch, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_filters import ChoiceFilter, FilterSet

from accounts.models import User
from acts.department_pages.parts_of_lists import (
    MonthFilter,
    NameColumn,
    OrganisationSearchFilter,
    one_line,
    programme_filter,
)
from acts.enums import SETTLED, OrderState
from acts.models import MonthClose, PaymentOrder
from registry.enums import Source
from schools.models import Suspension
from voucher_portal import dates, words
from voucher_portal.listing import Column, Listing

OVERDUE = "OVERDUE"
HOURS_A_DAY = 24


def orders_seen_by(user: User) -> QuerySet[PaymentOrder]:
    """The payment orders that `user` may see, with the suspensions of today. Two queries for any number."""
    today = Suspension.objects.filter(days__contains=dates.today())
    return (
        PaymentOrder.objects.visible_to(user)
        .select_related("act__provider__organisation", "act__close")
        .prefetch_related(Prefetch("act__provider__suspensions", queryset=today, to_attr="suspended_today"))
    )


def why_it_waits(order: PaymentOrder) -> str:
    """Why an order is held, was refused, or since when its outcome is being clarified; empty for the others."""
    if order.state == OrderState.HELD:
        return ", ".join(str(suspension.get_ground_display()) for suspension in order.act.provider.suspended_today)
    if order.state == OrderState.UNKNOWN:
        return age_of(order)
    return order.reason


def age_of(order: PaymentOrder) -> str:
    """«3 часа», «2 дня»: how long the order has been in its state."""
    hours = int((timezone.now() - order.changed_at).total_seconds() // 3600)
    if not hours:
        return _("less than an hour")
    if hours < HOURS_A_DAY:
        return ngettext("%(count)s hour", "%(count)s hours", hours) % {"count": hours}
    days = hours // HOURS_A_DAY
    return ngettext("%(count)s day", "%(count)s days", days) % {"count": days}


def order_number(order: PaymentOrder) -> str:
    """The act and the source: «A-ALA-2025-10-0007 · Местный бюджет»."""
    return f"{order.act.number} · {order.get_source_display()}"


class OrderFilter(FilterSet):
    """Filters of the list; the months are those that are closed."""

    search = OrganisationSearchFilter(
        label=gettext_lazy("Organisation, BIN or act"), path="act__provider__organisation", number="act__number"
    )
    programme = programme_filter("act__close__programme")
    month = MonthFilter(field_name="act__bill_month")
    source = ChoiceFilter(label=gettext_lazy("Source"), choices=Source, empty_label=gettext_lazy("All sources"))
    state = ChoiceFilter(
        label=gettext_lazy("Status"),
        choices=[*OrderState.choices, (OVERDUE, gettext_lazy("Not paid in time"))],
        empty_label=gettext_lazy("All statuses"),
        method="filter_state",
    )

    class Meta:
        model = PaymentOrder
        fields: list[str] = []

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        closes = MonthClose.objects.visible_to(self.request.user)
        self.filters["month"].offer(closes.order_by("-month").values_list("month", flat=True).distinct())

    def filter_state(self, queryset, _name, value):
        """Orders in a state, or those to be paid whose last day is over."""
        if value == OVERDUE:
            owed = queryset.exclude(state__in=(*SETTLED, OrderState.DEBT))
            return owed.filter(act__pay_before__lt=dates.today())
        return queryset.filter(state=value)


class OrderList(Listing):
    """One row an order."""

    title = gettext_lazy("Payment orders")
    name = "payment-orders"
    filters = OrderFilter
    order = "-changed"
    empty = gettext_lazy("Payment orders will appear here. The first are made when both sides have accepted an act.")
    columns = [
        Column(
            "order", gettext_lazy("Payment order"), order_number, show=one_line,
            sort=("act__number", "source"), on_phone=True,
            link=lambda order: reverse("operator:order", args=[order.public_id]),
        ),
        NameColumn(
            "organisation", gettext_lazy("Organisation"), "act.provider.name", on_phone=True,
            sort="act__provider__organisation__sort_key",
        ),
        Column("state", gettext_lazy("Status"), "get_state_display", badge="state", sort="state", on_phone=True),
        Column("why", gettext_lazy("Why it waits"), why_it_waits),
        Column("amount", gettext_lazy("Amount of the act"), "amount_kzt", show=words.kzt, sort="amount_kzt",
               is_number=True),
        Column("pay", gettext_lazy("To be paid"), "pay_kzt", show=words.kzt, sort="pay_kzt", is_number=True,
               on_phone=True),
        Column("pay_before", gettext_lazy("Pay before"), "act.pay_before", show=words.day, sort="act__pay_before"),
        Column("changed", gettext_lazy("Since"), "changed_at", show=words.moment, sort="changed_at"),
    ]  # fmt: skip
