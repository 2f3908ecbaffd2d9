"""The money of a school year by month: rows of the table, and the same numbers for the chart."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from acts.department_pages.money import MILLION, MonthMoney
from voucher_portal.dates import Month
from voucher_portal.words import month_short, month_words

# From the bottom of a bar to its top: what is done first.
SERIES = (
    ("redeemed", pgettext_lazy("money", "Redeemed")),
    ("written_off", pgettext_lazy("money", "Written off")),
    ("reserved", pgettext_lazy("money", "Reserved")),
)


@dataclass(frozen=True)
class Chart:
    """`rows` for the table, KZT; `data` for the drawing, in millions, with every word that it shows."""

    rows: list[tuple[Month, MonthMoney]]
    total: MonthMoney
    data: dict


def chart_of(months: dict[Month, MonthMoney], year: list[Month]) -> Chart:
    """The months of `year` from the first to the last in which money stands."""
    known = [month for month in year if month in months]
    rows = [(month, months[month]) for month in known]
    total = MonthMoney(
        **{name: sum(getattr(row, name) for _month, row in rows) for name in MonthMoney.__dataclass_fields__}
    )
    return Chart(rows, total, _data(rows))


def _data(rows: list[tuple[Month, MonthMoney]]) -> dict:
    return {
        "months": [month_short(month) for month, _row in rows],
        "titles": [month_words(month) for month, _row in rows],
        "unit": _("mln ₸"),
        "series": [
            {
                "name": str(name),
                "colour": field.replace("_", "-"),
                "values": [float(round(getattr(row, field) / MILLION, 3)) for _month, row in rows],
            }
            for field, name in SERIES
        ],
    }
