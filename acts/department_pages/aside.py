"""Records of the feeds that could not be taken in: what is wrong, what to do, and the record as it came."""

import re

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_filters import CharFilter, ChoiceFilter, FilterSet

from accounts.models import User
from acts.department_pages.parts_of_lists import NameColumn, one_line, sentence
from integrations.lms.items import Reason, Rejected
from integrations.lms.parsing import parse_contract, parse_sheet
from registry.enums import UNKNOWN_CONTRACT, UNKNOWN_PROVIDER, ItemKind
from registry.models import PutAside
from voucher_portal import words
from voucher_portal.dates import Month
from voucher_portal.identifiers import classify, mask_iin
from voucher_portal.listing import Column, Listing

REASONS = [
    (UNKNOWN_PROVIDER, gettext_lazy("The organisation is not known")),
    (UNKNOWN_CONTRACT, gettext_lazy("The contract has not come yet")),
    (Reason.WRONG_IIN.value, gettext_lazy("Wrong IIN")),
    (Reason.WRONG_BIN.value, gettext_lazy("Wrong BIN")),
    (Reason.WRONG_DATES.value, gettext_lazy("Wrong dates")),
    (Reason.WRONG_MONTH.value, gettext_lazy("Sheet of another month")),
    (Reason.WRONG_MARKS_LENGTH.value, gettext_lazy("Wrong number of marks")),
    (Reason.WRONG_MARKS.value, gettext_lazy("Unknown marks")),
    (Reason.MISSING_FIELD.value, gettext_lazy("A field is missing")),
    (Reason.WRONG_TYPE.value, gettext_lazy("A value of the wrong type")),
    (Reason.WRONG_VALUE.value, gettext_lazy("A value that is not allowed")),
    (Reason.TOO_LARGE.value, gettext_lazy("A value that is too long")),
    (Reason.BAD_JSON.value, gettext_lazy("The record cannot be read")),
]
NAMES = dict(REASONS)

_IIN_FIELD = re.compile(r'("iin"\s*:\s*"?)([^",}]*)')
_LONG_NUMBER = re.compile(r"\d{9,}")


def put_aside(user: User) -> QuerySet[PutAside]:
    """The records that were ever put aside and that `user` answers for; lists show those that still wait."""
    return PutAside.objects.visible_to(user).select_related("lms", "provider__organisation")


def what_is_wrong(item: PutAside) -> str:
    """What is wrong with the record and what to do, in the language of the page; read out of the record again."""
    if item.reason == UNKNOWN_PROVIDER:
        return _(
            "The register has no organisation with BIN %(bin)s. The operator adds it; then the record is taken in."
        ) % {"bin": item.waits_for}
    if item.reason == UNKNOWN_CONTRACT:
        return _("The sheet came before contract %(number)s. It is taken in when the contract comes.") % {
            "number": item.waits_for
        }
    rejected = _parsed_again(item)
    if isinstance(rejected, Rejected) and rejected.reason == item.reason:
        return rejected.message
    return str(NAMES.get(item.reason, item.message))


def _parsed_again(item: PutAside):
    raw = item.raw.encode()
    if item.kind == ItemKind.CONTRACT:
        return parse_contract(raw)
    try:
        return parse_sheet(raw, Month.parse(item.key.rpartition(" ")[2]))
    except ValueError:  # its month could not be read, so the key is a hash
        return None


def masked(raw: str) -> str:
    """The record as it came without whole IINs and telephone numbers; a BIN stays."""
    hidden = _IIN_FIELD.sub(lambda found: found[1] + mask_iin(found[2].strip()), raw)
    return _LONG_NUMBER.sub(lambda found: found[0] if classify(found[0]) == "bin" else mask_iin(found[0]), hidden)


def name_of(item: PutAside) -> str:
    """«Contract c-000017»; a record without a readable key has only its kind."""
    return item.get_kind_display() if item.key.startswith("sha256:") else f"{item.get_kind_display()} {item.key}"


class AsideFilter(FilterSet):
    """Filters of the list."""

    search = CharFilter(label=gettext_lazy("Number or system"), method="filter_search")
    kind = ChoiceFilter(label=gettext_lazy("Record"), choices=ItemKind, empty_label=gettext_lazy("All records"))
    reason = ChoiceFilter(label=gettext_lazy("Reason"), choices=REASONS, empty_label=gettext_lazy("All reasons"))

    class Meta:
        model = PutAside
        fields: list[str] = []

    def filter_search(self, queryset, _name, value):
        """By the number in the LMS, the LMS, or the BIN of the organisation."""
        text = value.strip()
        found = Q(key__icontains=text) | Q(lms__code__icontains=text) | Q(provider__organisation__bin__startswith=text)
        return queryset.filter(found | Q(waits_for__startswith=text))


class AsideList(Listing):
    """One row a record."""

    title = gettext_lazy("Records put aside")
    name = "records-put-aside"
    filters = AsideFilter
    order = "-seen"
    empty = gettext_lazy(
        "Nothing is put aside. A record that a school's system sent wrong appears here with the reason."
    )
    columns = [
        Column(
            "record", gettext_lazy("Record"), name_of, show=one_line, sort=("kind", "key"),
            on_phone=True,
            link=lambda item: reverse("department:aside_item", args=[item.pk]),
        ),
        Column("reason", gettext_lazy("Reason"), lambda item: str(NAMES.get(item.reason, item.reason)), sort="reason",
               on_phone=True),
        Column("what_to_do", gettext_lazy("What to do"), what_is_wrong, show=sentence),
        NameColumn(
            "organisation", gettext_lazy("Organisation"), lambda item: item.provider and item.provider.name,
            sort="provider__organisation__sort_key",
        ),
        Column("lms", gettext_lazy("System"), "lms.code", show=one_line, sort="lms__code", on_phone=True),
        Column("first_seen", gettext_lazy("First came"), "first_seen_at", show=words.moment, sort="first_seen_at"),
        Column("seen", gettext_lazy("Last came"), "last_seen_at", show=words.moment, sort="last_seen_at"),
    ]  # fmt: skip
