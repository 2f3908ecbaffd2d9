"""The LMS that are polled: whether they answer, when they were heard, what of theirs was put aside."""

import datetime
from dataclasses import dataclass, replace

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_filters import CharFilter, ChoiceFilter, FilterSet

from acts.department_pages.aside import AsideList
from integrations.models import Lms
from registry.feeds import FeedState, state_of
from registry.intake.polling import CONTRACTS
from registry.models import PutAside
from schools.models import Provider
from voucher_portal import words
from voucher_portal.dates import Month
from voucher_portal.listing import Column, Listing


def feeds(now: datetime.datetime) -> QuerySet[Lms]:
    """Every LMS with its `state`, the number of `served` providers and of records put `aside`."""
    return Lms.objects.annotate(
        state=state_of(now), served=_count_of(Provider.objects.all()), aside=_count_of(PutAside.objects.waiting())
    )


def _count_of(rows: QuerySet) -> Coalesce:
    """How many of `rows` belong to the LMS; a subquery, because a join would count aside once for each provider."""
    counted = rows.filter(lms=OuterRef("pk")).order_by().values("lms").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


@dataclass(frozen=True)
class Cursor:
    """How far one feed of an LMS was read."""

    name: str
    cursor: str
    stored_at: datetime.datetime


def cursors_of(lms: Lms) -> list[Cursor]:
    """Contracts first, then the sheets of each month, the newest first. One query."""
    rows = sorted(lms.cursors.all(), key=lambda row: row.feed, reverse=True)
    rows.sort(key=lambda row: row.feed != CONTRACTS)
    return [Cursor(_feed_name(row.feed), row.cursor, row.stored_at) for row in rows]


def _feed_name(feed: str) -> str:
    if feed == CONTRACTS:
        return gettext("Contracts")
    return gettext("Sheets, %(month)s") % {"month": words.month_words(Month.parse(feed.partition(":")[2]))}


class FeedFilter(FilterSet):
    """Filters of the list."""

    search = CharFilter(label=_("System"), field_name="code", lookup_expr="icontains")
    state = ChoiceFilter(label=_("Status"), choices=FeedState, empty_label=_("All statuses"))

    class Meta:
        model = Lms
        fields: list[str] = []


class FeedList(Listing):
    """One row an LMS."""

    title = _("School systems")
    name = "school-systems"
    filters = FeedFilter
    order = "code"
    empty = _("School systems will appear here when the reference data name them and they are connected.")
    columns = [
        Column("code", _("System"), "code", sort="code", on_phone=True,
               link=lambda lms: reverse("operator:feed", args=[lms.code])),
        Column("state", _("Status"), lambda lms: str(FeedState(lms.state).label), badge="state", sort="state",
               on_phone=True),
        Column("polled", _("Last poll"), "polled_at", show=words.moment, sort="polled_at", on_phone=True),
        Column("failed", _("Last failure"), "failed_at", show=words.moment, sort="failed_at"),
        Column("providers", _("Organisations"), "served", show=words.number, sort="served", is_number=True),
        Column("aside", _("Put aside"), "aside", show=words.number, sort="aside", is_number=True),
    ]  # fmt: skip


class AsideOfFeedList(AsideList):
    """Records of one LMS, on its own page."""

    title = _("Records put aside")
    prefix = "aside"
    columns = [
        replace(AsideList.columns[0], link=lambda item: reverse("operator:aside_item", args=[item.pk])),
        *(column for column in AsideList.columns[1:] if column.name != "lms"),
    ]
