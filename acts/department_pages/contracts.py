"""Contracts that are not funded, with the reason and what the department can do about it."""

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_filters import ChoiceFilter, FilterSet

from accounts.models import User
from acts.department_pages.funding import WHAT_TO_DO
from acts.department_pages.parts_of_lists import (
    MonthFilter,
    NameColumn,
    OrganisationSearchFilter,
    one_line,
    programme_filter,
    sentence,
)
from registry.enums import Funding, UnfundedReason
from registry.models import Contract, StudyMonth
from voucher_portal import words
from voucher_portal.dates import Month
from voucher_portal.identifiers import mask_iin
from voucher_portal.listing import Column, Listing, PeopleSearchFilter


def unfunded_contracts(user: User) -> QuerySet[Contract]:
    """The contracts without funding that `user` answers for."""
    found = Contract.objects.visible_to(user).filter(funding=Funding.UNFUNDED)
    return found.select_related("child", "provider__organisation", "lms")


class _MonthOfContract(MonthFilter):
    def filter(self, queryset, value):
        """Contracts with a day in the month."""
        if not value:
            return queryset
        month = Month.parse(value)
        return queryset.filter(days__overlap=(month.first, month.next().first))


class UnfundedFilter(FilterSet):
    """Filters of the list; the months are those of the calendars."""

    search = PeopleSearchFilter(key="child__search_key", iin="child__iin")
    organisation = OrganisationSearchFilter()
    programme = programme_filter("programme")
    month = _MonthOfContract()
    reason = ChoiceFilter(
        label=_("Reason"), field_name="unfunded_reason", choices=UnfundedReason, empty_label=_("All reasons")
    )

    class Meta:
        model = Contract
        fields: list[str] = []

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        months = StudyMonth.objects.filter(is_part=True).order_by("-month").values_list("month", flat=True)
        self.filters["month"].offer(months.distinct())


class UnfundedList(Listing):
    """One row a contract."""

    title = _("Contracts without funding")
    name = "unfunded-contracts"
    filters = UnfundedFilter
    order = "-received"
    empty = _("Every contract is funded. A contract that cannot be funded appears here with the reason.")
    columns = [
        Column("child", _("Child"), "child.full_name", sort="child__sort_key", on_phone=True),
        Column("iin", _("IIN"), lambda contract: mask_iin(contract.child.iin)),
        NameColumn(
            "organisation", _("Organisation"), "provider.name", sort="provider__organisation__sort_key", on_phone=True,
            link=lambda contract: reverse("department:provider", args=[contract.provider_id]),
        ),
        Column(
            "reason", _("Reason"), "get_unfunded_reason_display", badge="funding", sort="unfunded_reason",
            on_phone=True,
        ),
        Column("what_to_do", _("What to do"), lambda contract: str(WHAT_TO_DO[contract.unfunded_reason]),
               show=sentence),
        Column("group", _("Group"), "group_name"),
        Column("programme", _("Programme"), "get_programme_display"),
        Column("days", _("Contract"), lambda contract: words.days_range(contract.days), sort="starts_on"),
        Column("lms", _("System"), "lms.code", show=one_line),
        Column("number", _("Number in the LMS"), "external_id", show=one_line),
        Column("received", _("Received"), "received_at", show=words.moment, sort="received_at"),
    ]  # fmt: skip
