"""Filters and columns that the lists of the department and of the operator share."""

from dataclasses import dataclass

from django.db.models import Q
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django_filters import CharFilter, ChoiceFilter

from accounts.enums import OrganisationKind
from accounts.models import Organisation
from schools.enums import Programme
from voucher_portal.dates import Month
from voucher_portal.listing import Column
from voucher_portal.people import FoldKey, fold
from voucher_portal.words import month_words


@dataclass(frozen=True)
class NameColumn(Column):
    """The name of an organisation; `sort` leads to its keys without the language, which is that of the page."""

    @property
    def order_fields(self) -> tuple[str, ...]:
        """The key of the 42-letter alphabet over the name that is shown."""
        return (f"{self.sort}_{get_language()}",)


def one_line(text: str) -> SafeString:
    """A number that must not be broken at its hyphens."""
    return format_html('<span class="text-nowrap">{}</span>', text)


def sentence(text: str) -> SafeString:
    """A text that needs room, so that its row does not grow high."""
    return format_html('<span class="sentence">{}</span>', text)


class OrganisationSearchFilter(CharFilter):
    """Finds organisations by parts of either name, Kazakh letters folded, or by the start of the BIN.

    `path` leads from the row to the organisation; `number` is a column that may match instead, such as an act's.
    One query more: names are folded once for each organisation, not for each of its rows.
    """

    def __init__(self, *, path: str = "provider__organisation", number: str = "", **kwargs):
        super().__init__(**{"label": _("Organisation or BIN"), **kwargs})
        self.path, self.number = path, number

    def filter(self, queryset, value):
        """Every word of `value` must occur in a name; or all of it in the number."""
        text = (value or "").strip()
        if not text:
            return queryset
        found = Q(**{f"{self.path}__in": self._organisations(text)})
        return queryset.filter(found | Q(**{f"{self.number}__icontains": text}) if self.number else found)

    @staticmethod
    def _organisations(text: str) -> list[int]:
        found = Organisation.objects.filter(kind=OrganisationKind.PROVIDER)
        if text.isdigit():
            found = found.filter(bin__startswith=text)
        else:
            found = found.alias(names_folded=FoldKey("name_ru", "name_kk"))
            for word in fold(text).split():
                found = found.filter(names_folded__contains=word)
        return list(found.values_list("pk", flat=True))


class MonthFilter(ChoiceFilter):
    """A month out of those that `offer` was given."""

    def __init__(self, **kwargs):
        super().__init__(**{"label": _("Month"), "empty_label": _("All months"), "choices": [], **kwargs})

    def offer(self, days) -> None:
        """The first days of the months to choose from, as the database gives them."""
        self.extra["choices"] = [(f"{day:%Y-%m}", month_words(day)) for day in days]

    def filter(self, queryset, value):
        """Rows of that month."""
        return super().filter(queryset, Month.parse(value).first if value else value)


def programme_filter(field_name: str) -> ChoiceFilter:
    """School or preschool."""
    return ChoiceFilter(
        label=_("Programme"), field_name=field_name, choices=Programme, empty_label=_("All programmes")
    )
