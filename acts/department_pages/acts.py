"""Acts of many providers: who owes the next step since when, and until when they are to be paid."""

from django.db.models import Case, F, QuerySet, When
from django.db.models.functions import TruncDate
from django.utils.translation import gettext_lazy as _
from django_filters import ChoiceFilter, FilterSet

from accounts.models import User
from acts.department_pages.parts_of_lists import (
    MonthFilter,
    NameColumn,
    OrganisationSearchFilter,
    one_line,
    programme_filter,
)
from acts.enums import ActState
from acts.models import Act, MonthClose
from acts.way import clock
from voucher_portal import dates, words
from voucher_portal.dates import ALMATY
from voucher_portal.listing import Column, Listing

OVERDUE = "OVERDUE"


def acts_seen_by(user: User) -> QuerySet[Act]:
    """The acts that `user` may see, with `since`: the day on which each came into its state."""
    since = Case(
        When(state=ActState.TO_CUSTOMER, then=TruncDate("submitted_at", tzinfo=ALMATY)),
        When(state__in=(ActState.RETURNED, ActState.SIGNED), then=TruncDate("decided_at", tzinfo=ALMATY)),
        When(state=ActState.PAID, then=TruncDate("paid_at", tzinfo=ALMATY)),
        default=F("drawn_up_on"),
    )
    found = Act.objects.visible_to(user).annotate(since=since)
    return found.select_related("provider__organisation", "close")


def _days_left(act: Act) -> str:
    return clock(act, dates.today())


class ActFilter(FilterSet):
    """Filters of the list; the months are those that are closed."""

    search = OrganisationSearchFilter(label=_("Organisation, BIN or act"), number="number")
    programme = programme_filter("close__programme")
    month = MonthFilter(field_name="bill_month")
    state = ChoiceFilter(
        label=_("Status"),
        choices=[*ActState.choices, (OVERDUE, _("Not paid in time"))],
        empty_label=_("All statuses"),
        method="filter_state",
    )

    class Meta:
        model = Act
        fields: list[str] = []

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        closes = MonthClose.objects.visible_to(self.request.user)
        self.filters["month"].offer(closes.order_by("-month").values_list("month", flat=True).distinct())

    def filter_state(self, queryset, _name, value):
        """Acts in a state, or accepted ones whose last day to pay is over."""
        if value == OVERDUE:
            return queryset.filter(state=ActState.SIGNED, pay_before__lt=dates.today())
        return queryset.filter(state=value)


class ActList(Listing):
    """One row an act."""

    title = _("Acts")
    name = "acts"
    filters = ActFilter
    order = "-month"
    empty = _("Acts will appear here. The first act is drawn up after a month is closed.")
    columns = [
        Column("number", _("Act number"), "number", show=one_line, sort="number", link=Act.get_absolute_url,
               on_phone=True),
        NameColumn(
            "organisation", _("Organisation"), "provider.name", sort="provider__organisation__sort_key", on_phone=True
        ),
        Column("month", _("Month"), "bill_month", show=words.month_words, sort=("bill_month", "number")),
        Column("state", _("Status"), "get_state_display", badge="state", sort="state", on_phone=True),
        Column("since", _("Since"), "since", show=words.day, sort="since"),
        Column("children", _("Children"), "children", show=words.number, sort="children", is_number=True),
        Column("local", _("Local budget"), "local_kzt", show=words.kzt, sort="local_kzt", is_number=True),
        Column("republican", _("Republican budget"), "republican_kzt", show=words.kzt, sort="republican_kzt",
               is_number=True),
        Column("amount", _("Amount"), "amount_kzt", show=words.kzt, sort="amount_kzt", is_number=True, on_phone=True),
        Column("pay_before", _("Pay before"), "pay_before", show=words.day, sort="pay_before"),
        Column("left", _("Time to pay"), _days_left),
    ]  # fmt: skip


class ActsOfProviderFilter(ActFilter):
    """As `ActFilter`, without the organisation."""

    search = None


class ActsOfProviderList(ActList):
    """The acts on the page of their provider."""

    filters = ActsOfProviderFilter
    columns = [column for column in ActList.columns if column.name != "organisation"]
