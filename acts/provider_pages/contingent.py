"""The contingent of a provider: its contracts with children, funded or why not."""

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Func, IntegerField, OuterRef, QuerySet, Subquery
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_filters import ChoiceFilter, FilterSet

from acts.provider_pages.access import ProviderListing
from acts.provider_pages.funding import funding_words, what_to_do
from registry.enums import ContractStatus, Funding, PartState, UnfundedReason
from registry.models import Contract, VoucherPart
from registry.statement import aggregate_state
from schools.enums import Programme
from schools.models import Provider
from voucher_portal import words
from voucher_portal.identifiers import mask_iin
from voucher_portal.listing import Column, PeopleSearchFilter

LANGUAGES = {"kk": _("Kazakh"), "ru": _("Russian")}


class _SchoolYearOfLastDay(Func):
    # A school year begins in September: eight months before, its last day lies in its first calendar year.
    template = "(extract(year FROM upper(%(expressions)s) - interval '8 months 1 day'))::int"
    output_field = IntegerField()


def contracts_of(provider: Provider) -> QuerySet[Contract]:
    """The provider's contracts with their children and the states of the voucher's parts, `part_states`."""
    parts = VoucherPart.objects.filter(
        voucher__child=OuterRef("child"),
        voucher__programme=OuterRef("programme"),
        voucher__start_year=_SchoolYearOfLastDay(OuterRef("days")),
    )
    states = parts.order_by().values("voucher").annotate(states=ArrayAgg("state", distinct=True)).values("states")
    return Contract.objects.filter(provider=provider).select_related("child").annotate(part_states=Subquery(states))


class ContingentFilter(FilterSet):
    """Filters of the contingent; `group` and `programme` offer what the provider has."""

    search = PeopleSearchFilter(key="child__search_key", iin="child__iin")
    programme = ChoiceFilter(label=_("Programme"), choices=Programme, empty_label=_("All programmes"))
    group = ChoiceFilter(label=_("Class or group"), field_name="group_name", empty_label=_("All groups"))
    funding = ChoiceFilter(label=_("Funding"), method="filter_funding", empty_label=_("All"))
    status = ChoiceFilter(label=_("Contract"), choices=ContractStatus, empty_label=_("All"))

    class Meta:
        model = Contract
        fields: list[str] = []

    def __init__(self, *args, provider: Provider, **kwargs):
        super().__init__(*args, **kwargs)
        self.filters["group"].extra["choices"] = group_choices(provider)
        self.filters["funding"].extra["choices"] = [
            (Funding.FUNDED.value, Funding.FUNDED.label),
            (Funding.UNFUNDED.value, Funding.UNFUNDED.label),
            (_("Reason"), UnfundedReason.choices),
        ]
        if len(provider.programmes) < 2:
            del self.filters["programme"]

    def filter_funding(self, queryset, _name, value):
        """Funded, not funded, or not funded for one reason."""
        if value in Funding.values:
            return queryset.filter(funding=value)
        return queryset.filter(funding=Funding.UNFUNDED, unfunded_reason=value)


def group_choices(provider: Provider) -> list[tuple[str, str]]:
    """The groups of the provider's contracts, by number and letter: 2Б before 10А. One query."""
    names = Contract.objects.filter(provider=provider).order_by().values_list("group_name", flat=True).distinct()
    return [(name, name) for name in sorted(names, key=group_order)]


def group_order(name: str) -> tuple[int, str]:
    """By the number that a group's name begins with, then by its text."""
    digits = name[: len(name) - len(name.lstrip("0123456789"))]
    return int(digits or 0), name


def _voucher_state(contract: Contract) -> str:
    state = aggregate_state(contract.part_states or ())
    return PartState(state).label if state else ""


def _days(contract: Contract) -> str:
    # A narrow column breaks after the dash, not before it.
    return words.days_range(contract.days).replace(" – ", "\N{NO-BREAK SPACE}– ")


class ContingentList(ProviderListing):
    """The list of the page, and its exports: one row a contract."""

    title = _("Contingent")
    name = "contingent"
    filters = ContingentFilter
    order = "name"
    empty = _("Children will appear here when your LMS sends the first contract.")
    columns = [
        Column(
            "name", _("Child"), "child.full_name", sort="child__sort_key", on_phone=True,
            link=lambda contract: reverse("school:child", args=[contract.child_id]),
        ),
        Column("iin", _("IIN"), lambda contract: mask_iin(contract.child.iin)),
        Column("group", _("Class or group"), "group_name", sort="group_name", on_phone=True),
        Column("programme", _("Programme"), "get_programme_display"),
        Column("language", _("Language"), lambda contract: str(LANGUAGES.get(contract.language, contract.language))),
        Column("days", _("Contract"), _days, sort="starts_on"),
        Column(
            "funding", _("Funding"), funding_words, badge="funding", sort=("funding", "unfunded_reason"), on_phone=True
        ),
        Column("voucher", _("Voucher"), _voucher_state),
        Column("what_to_do", _("What to do"), what_to_do),
    ]  # fmt: skip

    def __init__(self, request, provider: Provider):
        super().__init__(request, contracts_of(provider), provider)
        if len(provider.programmes) < 2:
            self.columns = [column for column in self.columns if column.name != "programme"]
