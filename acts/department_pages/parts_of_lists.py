"""Filters and columns that the lists of the department and of the operator share."""

from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django_filters import CharFilter, ChoiceFilter

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


class OrganisationSearchFilter(CharFilter):
    """Finds organisations by parts of either name, Kazakh letters folded, or by the start of the BIN.

    `path` leads from the row to the organisation; `number` is a column that may match instead, such as an act's.
    """

    def __init__(self, *, path: str = "provider__organisation__", number: str = "", **kwargs):
        super().__init__(**{"label": _("Organisation or BIN"), **kwargs})
        self.path, self.number = path, number

    def filter(self, queryset, value):
        """Every word of `value` must occur in a name or in the number."""
        text = (value or "").strip()
        if not text:
            return queryset
        if text.isdigit():
            return queryset.filter(**{f"{self.path}bin__startswith": text})
        queryset = queryset.alias(names_folded=FoldKey(f"{self.path}name_ru", f"{self.path}name_kk"))
        for word in fold(text).split():
            is_found = Q(names_folded__contains=word)
            queryset = queryset.filter(
                is_found | Q(**{f"{self.number}__icontains": word}) if self.number else is_found
            )
        return queryset


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
