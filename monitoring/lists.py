"""The commission's lists: organisations with signals, and the signals themselves."""

from urllib.parse import urlencode

from django.db.models import Count, Max, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_filters import CharFilter, ChoiceFilter, FilterSet

from accounts.models import User
from acts.department_pages.parts_of_lists import NameColumn, OrganisationSearchFilter, one_line
from monitoring.enums import SignalCode
from monitoring.models import RiskSignal
from monitoring.words import days_seen
from schools.models import Provider
from voucher_portal import words
from voucher_portal.identifiers import mask_iin
from voucher_portal.listing import Column, Listing


def providers_with_signals(user: User) -> QuerySet[Provider]:
    """Providers that have open signals which `user` may see: how many, of how many children, the newest."""
    is_open = Q(risk_signals__in=RiskSignal.objects.visible_to(user).open())
    found = Provider.objects.filter(is_open).select_related("organisation")
    return found.annotate(
        signals=Count("risk_signals", distinct=True),
        children=Count("risk_signals__child", distinct=True),
        newest_at=Max("risk_signals__noticed_at"),
    )


def signals_seen_by(user: User) -> QuerySet[RiskSignal]:
    """Open signals that `user` may see."""
    return RiskSignal.objects.visible_to(user).open().select_related("provider__organisation", "contract", "child")


class SignalProviderFilter(FilterSet):
    """Filters of the risk list."""

    search = OrganisationSearchFilter(path="organisation")

    class Meta:
        model = Provider
        fields: list[str] = []


def _signals_of(provider: Provider) -> str:
    return f"{reverse('commission:signals')}?{urlencode({'search': provider.bin})}"


class RiskList(Listing):
    """One row a provider with open signals."""

    title = _("Organisations with risk signals")
    name = "risk-list"
    filters = SignalProviderFilter
    order = "-signals"
    empty = _(
        "No signals now. A signal appears here when a sheet has something that deserves a look,"
        " for example presence on a day off."
    )
    columns = [
        NameColumn("organisation", _("Organisation"), "name", sort="organisation__sort_key", link=_signals_of,
                   on_phone=True),
        Column("bin", _("BIN or IIN"), "bin", sort="organisation__bin"),
        Column("address", _("Address"), "address_ru"),
        Column("signals", _("Signals"), "signals", show=words.number, sort="signals", is_number=True, on_phone=True),
        Column("children", _("Children"), "children", show=words.number, sort="children", is_number=True),
        Column("newest", _("Newest"), "newest_at", show=words.moment, sort="newest_at", on_phone=True),
    ]  # fmt: skip


class SignalFilter(FilterSet):
    """Filters of the signals."""

    search = OrganisationSearchFilter()
    code = ChoiceFilter(label=_("Signal"), choices=SignalCode, empty_label=_("All signals"))
    contract = CharFilter(label=_("Number in the LMS"), field_name="contract__external_id")

    class Meta:
        model = RiskSignal
        fields: list[str] = []


class SignalList(Listing):
    """One row a signal."""

    title = _("Risk signals")
    name = "risk-signals"
    filters = SignalFilter
    order = "-noticed"
    empty = _("No signals now.")
    columns = [
        NameColumn("organisation", _("Organisation"), "provider.name", sort="provider__organisation__sort_key",
                   on_phone=True),
        Column("code", _("What was seen"), "get_code_display", sort="code", on_phone=True),
        Column("month", _("Month"), "month", show=words.month_words, sort="month"),
        Column("days", _("Days"), days_seen, show=one_line, on_phone=True),
        Column("child", _("Child's IIN"), lambda signal: signal.child and mask_iin(signal.child.iin)),
        Column("contract", _("Number in the LMS"), "contract.external_id", show=one_line),
        Column("noticed", _("Noticed"), "noticed_at", show=words.moment, sort="noticed_at"),
    ]  # fmt: skip
