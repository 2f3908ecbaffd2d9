"""The programme and the month that the department's pages look at, as their address says."""

from dataclasses import dataclass

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from schools.enums import Programme
from voucher_portal.dates import Month, school_year_of
from voucher_portal.words import month_words


@dataclass(frozen=True)
class Period:
    """A programme (empty for all) and a month."""

    programme: str
    month: Month

    @property
    def programmes(self) -> list[str]:
        """The programme that was chosen, or all."""
        return [self.programme] if self.programme else list(Programme.values)

    @property
    def year(self) -> list[Month]:
        """The months of the school year around the month."""
        return list(school_year_of(self.month.first).months())

    @property
    def query(self) -> str:
        """What goes on in the addresses of lists that are filtered alike."""
        return f"programme={self.programme}&month={self.month}"


class PeriodForm(forms.Form):
    """Filters at the head of the overview. A wrong value in the address is as good as none."""

    programme = forms.ChoiceField(
        label=_("Programme"), required=False, choices=[("", _("All programmes")), *Programme.choices]
    )
    month = forms.ChoiceField(label=_("Month"), required=False)

    def __init__(self, data: QueryDict, months: list[Month], usual: Month):
        super().__init__({"programme": data.get("programme", ""), "month": data.get("month") or str(usual)})
        self.usual = usual
        shown = sorted({*months, usual}, reverse=True)
        self.fields["month"].choices = [(str(month), month_words(month)) for month in shown]

    @property
    def period(self) -> Period:
        """What was chosen."""
        self.is_valid()
        month = self.cleaned_data.get("month")
        return Period(self.cleaned_data.get("programme", ""), Month.parse(month) if month else self.usual)
