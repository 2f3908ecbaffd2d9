"""The lists behind the numbers of a close: what it billed for older months, and who earns nothing."""

from functools import cached_property

from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_filters import ChoiceFilter, FilterSet

from acts.department_pages.closing import A_DAY, LATE_REASONS, NOT_CHARGED
from acts.department_pages.parts_of_lists import NameColumn, OrganisationSearchFilter, one_line, sentence
from acts.department_pages.remembering import remembered
from acts.enums import ChargeKind
from acts.models import Act, Charge, MonthClose
from registry.enums import MARKS
from registry.models import Contract, LateFact
from registry.rules import rules_on
from schools.enums import Programme
from schools.models import Issuer
from voucher_portal import sql, words
from voucher_portal.dates import Month
from voucher_portal.identifiers import mask_iin
from voucher_portal.listing import Column, Listing, PeopleSearchFilter

KEPT_SECONDS = 600


def corrections_of(close: MonthClose) -> QuerySet[Charge]:
    """The lines of a close for older months, with `late_reason`."""
    fact = LateFact.objects.filter(
        contract=OuterRef("contract"), month=OuterRef("service_month"), billed_at=close.closed_at
    )
    found = Charge.objects.filter(pk__in=_ids_of_corrections(close))
    related = found.select_related("act", "contract__child", "contract__provider__organisation")
    return related.annotate(late_reason=Subquery(fact.values("reason")[:1]))


def _ids_of_corrections(close: MonthClose) -> list[int]:
    """Some per cent of the lines of a close. It never changes, so they are looked for once a day."""
    older = Charge.objects.filter(act__close=close, service_month__lt=close.month)
    return remembered(f"close-corrections:{close.pk}", A_DAY, lambda: list(older.values_list("pk", flat=True)))


def _act_of(charge: Charge) -> str:
    return Act.get_absolute_url(charge.act)


class CorrectionFilter(FilterSet):
    """Filters of the list."""

    search = PeopleSearchFilter(key="contract__child__search_key", iin="contract__child__iin")
    organisation = OrganisationSearchFilter(path="contract__provider__organisation")
    kind = ChoiceFilter(label=_("Kind"), choices=ChargeKind, empty_label=_("All lines"))

    class Meta:
        model = Charge
        fields: list[str] = []


class CorrectionList(Listing):
    """One row a charge of an older month."""

    title = _("Corrections of older months")
    name = "corrections"
    filters = CorrectionFilter
    order = "month"
    empty = _("This close bills nothing for older months.")
    columns = [
        Column("child", _("Child"), "contract.child.full_name", sort="contract__child__sort_key", on_phone=True),
        Column("iin", _("IIN"), lambda charge: mask_iin(charge.contract.child.iin)),
        NameColumn("organisation", _("Organisation"), "contract.provider.name",
                   sort="contract__provider__organisation__sort_key"),
        Column("month", _("Month of service"), "service_month", show=words.month_words, on_phone=True,
               sort=("service_month", "contract__child__sort_key", "kind")),
        Column("kind", _("Kind"), "get_kind_display", sort="kind", on_phone=True),
        Column("reason", _("Reason"), lambda charge: charge.late_reason and str(LATE_REASONS[charge.late_reason]),
               show=sentence),
        Column("days", _("Paid days"), "paid_days", show=words.number, is_number=True),
        Column("amount", _("Amount"), "amount_kzt", show=words.kzt, sort="amount_kzt", is_number=True, on_phone=True),
        Column("act", _("Act number"), "act.number", show=one_line, sort="act__number", link=_act_of),
    ]  # fmt: skip


def reasons_not_charged(issuer: Issuer, programme: Programme, month: Month) -> dict[int, str]:
    """By contract: why it earns nothing in the month. Counted at most every ten minutes: it reads a city's month."""
    key = f"not-charged:{issuer.pk}:{programme.value}:{month}"
    return remembered(key, KEPT_SECONDS, lambda: _count_not_charged(issuer, programme, month))


def _count_not_charged(issuer: Issuer, programme: Programme, month: Month) -> dict[int, str]:
    rules = rules_on(programme.value, month.first)
    payable = "".join("1" if mark in rules.payable_marks else "0" for mark in MARKS)
    params = {"issuer": issuer.pk, "programme": programme.value, "month": month.first, "payable": payable}
    return dict(sql.fetch("acts/department_not_charged", **params, least=rules.min_present_days))


class NotChargedFilter(FilterSet):
    """Filters of the list; `reasons` by contract."""

    search = PeopleSearchFilter(key="child__search_key", iin="child__iin")
    organisation = OrganisationSearchFilter()
    reason = ChoiceFilter(
        label=_("Reason"), choices=list(NOT_CHARGED.items()), empty_label=_("All reasons"), method="filter_reason"
    )

    class Meta:
        model = Contract
        fields: list[str] = []

    def __init__(self, *args, reasons: dict[int, str], **kwargs):
        super().__init__(*args, **kwargs)
        self.reasons = reasons

    def filter_reason(self, queryset, _name, value):
        """Contracts with that reason."""
        return queryset.filter(pk__in=[pk for pk, reason in self.reasons.items() if reason == value])


class NotChargedList(Listing):
    """One row a contract of `reasons`."""

    title = _("Contracts that earn nothing")
    name = "not-charged"
    filters = NotChargedFilter
    order = "organisation"
    empty = _("Every funded contract earns something in this month.")

    def __init__(self, request: HttpRequest, reasons: dict[int, str]):
        contracts = Contract.objects.visible_to(request.user).filter(pk__in=list(reasons))
        super().__init__(request, contracts.select_related("child", "provider__organisation", "lms"))
        self.reasons = reasons
        self.columns = [*self.first_columns, Column("reason", _("Reason"), self._reason_of, on_phone=True)]

    first_columns = [
        Column("child", _("Child"), "child.full_name", sort="child__sort_key", on_phone=True),
        Column("iin", _("IIN"), lambda contract: mask_iin(contract.child.iin)),
        NameColumn(
            "organisation", _("Organisation"), "provider.name", sort="provider__organisation__sort_key", on_phone=True,
            link=lambda contract: reverse("department:provider", args=[contract.provider_id]),
        ),
        Column("group", _("Group"), "group_name"),
        Column("days", _("Contract"), lambda contract: words.days_range(contract.days)),
        Column("number", _("Number in the LMS"), "external_id", show=one_line),
    ]  # fmt: skip

    @cached_property
    def filterset(self) -> NotChargedFilter:
        """The bound filters."""
        data = {"queryset": self.queryset, "request": self.request, "reasons": self.reasons}
        return self.filters(self.request.GET, **data)

    def _reason_of(self, contract: Contract) -> str:
        return str(NOT_CHARGED[self.reasons[contract.pk]])
