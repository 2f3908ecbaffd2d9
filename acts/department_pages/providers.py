"""Organisations that the department orders from: places, funded children, and when their system was last heard."""

import datetime

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Least
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_filters import ChoiceFilter, FilterSet

from accounts.models import User
from acts.department_pages.parts_of_lists import NameColumn, OrganisationSearchFilter, one_line
from registry.enums import Funding
from registry.feeds import FeedState, state_of
from registry.models import Contract
from schools.enums import Programme
from schools.models import Provider, StateOrderContract
from voucher_portal import words
from voucher_portal.listing import Column, Listing


def providers_seen_by(user: User, now: datetime.datetime, today: datetime.date) -> QuerySet[Provider]:
    """Providers with `funded` children, `orders` of today, and the `feed` state of their LMS."""
    funded = (
        Contract.objects.filter(provider=OuterRef("pk"), funding=Funding.FUNDED, days__contains=today)
        .order_by().values("provider").annotate(count=Count("pk")).values("count")
    )  # fmt: skip
    orders = (
        StateOrderContract.objects.filter(provider=OuterRef("pk"), days__contains=today)
        .order_by().values("provider").annotate(numbers=StringAgg("number", Value(", "), order_by="number"))
        .values("numbers")
    )  # fmt: skip
    found = Provider.objects.visible_to(user).select_related("organisation", "issuer__organisation", "lms")
    return found.annotate(
        funded=Coalesce(Subquery(funded, output_field=IntegerField()), 0),
        orders=Subquery(orders),
        feed=state_of(now, "lms__"),
        least_places=Least("design_capacity", "sanitary_places"),
    )


def programmes_of(provider: Provider) -> str:
    """«Школа, Дошкольная»."""
    return ", ".join(str(Programme(programme).label) for programme in provider.programmes)


class ProviderFilter(FilterSet):
    """Filters of the list."""

    search = OrganisationSearchFilter(path="organisation")
    programme = ChoiceFilter(
        label=_("Programme"),
        choices=Programme,
        empty_label=_("All programmes"),
        method="filter_programme",
    )
    feed = ChoiceFilter(label=_("School system"), choices=FeedState, empty_label=_("All"))

    class Meta:
        model = Provider
        fields: list[str] = []

    def filter_programme(self, queryset, _name, value):
        """Providers that teach the programme."""
        return queryset.filter(programmes__contains=[value])


class ProviderList(Listing):
    """One row a provider."""

    title = _("Organisations")
    name = "organisations"
    filters = ProviderFilter
    order = "organisation"
    empty = _("Organisations will appear here when the operator has loaded the reference data of the region.")
    columns = [
        NameColumn(
            "organisation", _("Organisation"), "name", sort="organisation__sort_key", on_phone=True,
            link=lambda provider: reverse("department:provider", args=[provider.pk]),
        ),
        Column("bin", _("BIN or IIN"), "bin", sort="organisation__bin"),
        Column("programmes", _("Programmes"), programmes_of),
        Column("places", _("Places"), "least_places", show=words.number, sort="least_places", is_number=True),
        Column("funded", _("Funded children"), "funded", show=words.number, is_number=True, on_phone=True),
        Column("orders", _("State order contract"), "orders", show=one_line),
        Column("feed", _("School system"), lambda provider: str(FeedState(provider.feed).label), badge="feed",
               on_phone=True),
        Column("polled", _("Last data"), lambda provider: provider.lms and provider.lms.polled_at, show=words.moment,
               sort="lms__polled_at"),
    ]  # fmt: skip
