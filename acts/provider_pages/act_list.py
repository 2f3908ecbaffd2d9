"""The acts of a provider: state, sum, and who owes the next step since when."""

from django.utils.translation import gettext_lazy as _
from django_filters import CharFilter, ChoiceFilter, FilterSet

from acts.enums import ActState
from acts.models import Act
from acts.provider_pages.access import ProviderListing
from acts.provider_pages.steps import next_step
from schools.models import Provider
from voucher_portal import words
from voucher_portal.listing import Column


class ActFilter(FilterSet):
    """Filters of the acts; `month` offers the months that have acts."""

    number = CharFilter(label=_("Act number"), lookup_expr="icontains")
    month = ChoiceFilter(label=_("Month"), field_name="bill_month", empty_label=_("All months"))
    state = ChoiceFilter(label=_("Status"), choices=ActState, empty_label=_("All"))

    class Meta:
        model = Act
        fields: list[str] = []

    def __init__(self, *args, provider: Provider, **kwargs):
        super().__init__(*args, **kwargs)
        self.filters["month"].extra["choices"] = month_choices(provider)


def month_choices(provider: Provider) -> list[tuple[str, str]]:
    """The months that the provider has acts for, the newest first. One query."""
    months = (
        Act.objects.filter(provider=provider).order_by("-bill_month").values_list("bill_month", flat=True).distinct()
    )
    return [(month.isoformat(), words.month_words(month)) for month in months]


class ActList(ProviderListing):
    """The list of the page, and its exports."""

    title = _("Acts")
    name = "acts"
    filters = ActFilter
    order = "-month"
    empty = _("Acts will appear here. The first act is drawn up after a month is closed.")
    columns = [
        Column("number", _("Act number"), "number", sort="number", link=Act.get_absolute_url, on_phone=True),
        Column("month", _("Month"), "bill_month", show=words.month_words, sort="bill_month"),
        Column("children", _("Children"), "children", show=words.number, sort="children", is_number=True),
        Column("amount", _("Amount"), "amount_kzt", show=words.kzt, sort="amount_kzt", is_number=True, on_phone=True),
        Column("state", _("Status"), "get_state_display", badge="state", sort="state", on_phone=True),
        Column("owner", _("Next step"), lambda act: next_step(act).owner, on_phone=True),
        Column("since", _("Since"), lambda act: next_step(act).since, show=words.day, is_number=True),
        Column("deadline", _("Pay before"), "pay_before", show=words.day, sort="pay_before", is_number=True),
    ]

    def __init__(self, request, provider: Provider):
        super().__init__(request, Act.objects.filter(provider=provider), provider)
