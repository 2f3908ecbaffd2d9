"""The one way to make a list page: filters in the URL, sortable heads, 50 rows a page, CSV and XLSX of the same rows.

A worked example, all that a list page needs:

    class ActFilter(FilterSet):                                    # acts/filters.py; plain django-filter
        search = PeopleSearchFilter(label=_("Number"), key="number_folded", iin=None)
        state = ChoiceFilter(label=_("Status"), choices=ActState, empty_label=_("All statuses"))

    class ActList(Listing):                                        # acts/lists.py
        title = _("Acts")
        name = "acts"                                              # of the downloaded file
        filters = ActFilter
        order = "-month"                                           # a column's name, with "-" from the end
        empty = _("Acts will appear here. The first act is drawn up after a month is closed.")
        columns = [
            Column("number", _("Act number"), "number", sort="number", link=Act.get_absolute_url, on_phone=True),
            Column("month", _("Service month"), "month", show=words.month_words, sort="month"),
            Column("provider", _("Organisation"), "provider.organisation.name", sort="provider__organisation__bin"),
            Column("children", _("Children"), "children", show=words.number, sort="children", is_number=True),
            Column("total", _("Amount"), "total_kzt", show=words.kzt, sort="total_kzt", is_number=True, on_phone=True),
            Column("state", _("Status"), "get_state_display", badge="state", sort="state", on_phone=True),
        ]

    @require_safe
    def act_list(request):                                         # acts/views.py
        acts = Act.objects.visible_to(request.user).select_related("provider__organisation")
        return ActList(request, acts).respond("acts/list.html", {"month": month})

    {% extends "layout/list.html" %}                               {# templates/acts/list.html; may be all of it #}

`layout/list.html` draws the title, the filters at its right, the table (cards on a phone) and the pages; its blocks
`lead`, `actions` and `before` take what is special. A table inside another page: `components/table.html` with
`listing=…`; give each Listing of such a page its own `prefix`.

Cost: one query for the count, one for the page, and what the queryset prefetches; never more with more rows.
The first column is the row's head. Columns with `on_phone` (three that matter) stay on a phone.
"""

import csv
import datetime
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from operator import attrgetter
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _
from django_filters import CharFilter, FilterSet
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from voucher_portal.dates import ALMATY
from voucher_portal.people import fold
from voucher_portal.templatetags.portal import DASH, badge

ROWS_A_PAGE = 50
ROWS_A_FETCH = 2_000
# A spreadsheet runs a text that begins like this as a formula (CSV injection).
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class Column:
    """One column of a list.

    `value` is a dotted path or a function of the row: the raw value, which the exports write. `show` makes the text
    of the cell out of it; `badge` is the path of the state whose colour and sign stand before the text; `link` makes
    the address of the cell. `sort` is the field (or several) of the queryset that the head sorts by.
    """

    name: str
    label: str | Promise
    value: str | Callable[[Any], Any]
    show: Callable[[Any], str] = str
    badge: str = ""
    link: Callable[[Any], str] | None = None
    sort: str | tuple[str, ...] = ()
    is_number: bool = False
    on_phone: bool = False

    @property
    def order_fields(self) -> tuple[str, ...]:
        """The fields to sort by, always as a tuple."""
        return (self.sort,) if isinstance(self.sort, str) else self.sort

    def raw(self, row) -> Any:
        """The value that the exports write."""
        found = self.value(row) if callable(self.value) else attrgetter(self.value)(row)
        return found() if callable(found) else found

    def cell(self, row) -> dict:
        """What the template needs for one cell: the column, the text and the address."""
        raw = self.raw(row)
        text = DASH if raw is None or raw == "" else self.show(raw)
        if self.badge:
            text = badge(attrgetter(self.badge)(row), text)
        return {"column": self, "text": text, "url": self.link(row) if self.link else ""}


class PeopleSearchFilter(CharFilter):
    """Finds people by parts of the name, Kazakh letters folded (Кайрат finds Қайрат), or by the start of the IIN.

    `key` is a stored `FoldKey` column; `iin` a column of IINs, or None where there is none.
    """

    def __init__(self, *, key: str = "search_key", iin: str | None = "iin", **kwargs):
        super().__init__(**{"label": _("Name or IIN"), **kwargs})
        self.key, self.iin = key, iin

    def filter(self, queryset, value):
        """Every word of `value` must occur in the folded name."""
        text = (value or "").strip()
        if self.iin and text.isdigit():
            return queryset.filter(**{f"{self.iin}__startswith": text})
        for word in fold(text).split():
            queryset = queryset.filter(**{f"{self.key}__contains": word})
        return queryset


class Listing:
    """One list page for one request; see the module's example."""

    title: str | Promise = ""
    name = "list"
    columns: list[Column] = []
    filters: type[FilterSet] | None = None
    order = ""
    empty: str | Promise = _("Nothing here yet.")
    rows_a_page = ROWS_A_PAGE
    prefix = ""

    def __init__(self, request: HttpRequest, queryset):
        self.request = request
        self.queryset = queryset

    def parameter(self, name: str) -> str:
        """The name of a URL parameter of this list: `sort`, `page`, `export`."""
        return f"{self.prefix}-{name}" if self.prefix else name

    @property
    def element_id(self) -> str:
        """The id of the table's section, which sorting and paging replace."""
        return f"{self.prefix}-list" if self.prefix else "list"

    @cached_property
    def filterset(self) -> FilterSet | None:
        """The bound django-filter set; a wrong value shows its error and filters nothing."""
        if self.filters is None:
            return None
        return self.filters(self.request.GET, queryset=self.queryset, request=self.request, prefix=self.prefix or None)

    @cached_property
    def is_filtered(self) -> bool:
        """Whether any filter is set, so that an empty list says which kind of empty it is."""
        return self.filterset is not None and bool(self.filterset.form.changed_data)

    @cached_property
    def kept(self) -> list[tuple[str, str]]:
        """Parameters of the address that the filter form must send along: the order, and what is not this list's."""
        own = tuple(self.filterset.form.add_prefix(name) for name in self.filterset.form.fields)
        dropped = {self.parameter("page"), self.parameter("export")}
        return [
            (key, value) for key, value in self.request.GET.items() if key not in dropped and not key.startswith(own)
        ]

    @cached_property
    def sorting(self) -> tuple[Column | None, bool]:
        """The column to sort by and whether from the end: the URL's, else the default, else none."""
        by_name = {column.name: column for column in self.columns if column.order_fields}
        for wish in (self.request.GET.get(self.parameter("sort"), ""), self.order):
            if wish.removeprefix("-") in by_name:
                return by_name[wish.removeprefix("-")], wish.startswith("-")
        return None, False

    @cached_property
    def rows(self):
        """The queryset after filters, in the asked order; the primary key makes the order total."""
        found = self.filterset.qs if self.filterset is not None else self.queryset
        column, from_end = self.sorting
        if column is None:
            return found
        sign = "-" if from_end else ""
        return found.order_by(*[f"{sign}{field}" for field in column.order_fields], "pk")

    @cached_property
    def page(self) -> Page:
        """The asked page; a wrong number gives the nearest one."""
        return Paginator(self.rows, self.rows_a_page).get_page(self.request.GET.get(self.parameter("page")))

    @cached_property
    def page_numbers(self) -> list:
        """Numbers for the pager, with an ellipsis where the gap is long."""
        return list(self.page.paginator.get_elided_page_range(self.page.number, on_each_side=2, on_ends=1))

    @property
    def heads(self) -> Iterator[dict]:
        """For each column: its link's parameters and `aria-sort`; a second click turns the order round."""
        sorted_by, from_end = self.sorting
        for column in self.columns:
            is_current = column is sorted_by
            wish = f"-{column.name}" if is_current and not from_end else column.name
            yield {
                "column": column,
                "query": self._query(sort=wish) if column.order_fields else "",
                "direction": ("descending" if from_end else "ascending") if is_current else "",
            }

    @property
    def body(self) -> Iterator[list[dict]]:
        """The cells of each row of the page."""
        for row in self.page:
            yield [column.cell(row) for column in self.columns]

    @cached_property
    def page_links(self) -> list[dict]:
        """The pager's numbers with their addresses; the ellipsis has none."""
        return [
            {"number": number, "query": self._query(page=number) if isinstance(number, int) else ""}
            for number in self.page_numbers
        ]

    @property
    def previous_query(self) -> str:
        """The address of the page before."""
        return self._query(page=self.page.previous_page_number())

    @property
    def next_query(self) -> str:
        """The address of the page after."""
        return self._query(page=self.page.next_page_number())

    @property
    def csv_query(self) -> str:
        """The address of the CSV of exactly what is filtered."""
        return self._query(export="csv")

    @property
    def xlsx_query(self) -> str:
        """The address of the XLSX of exactly what is filtered."""
        return self._query(export="xlsx")

    def _query(self, **changes) -> str:
        query = self.request.GET.copy()
        for name in ("page", "export"):
            query.pop(self.parameter(name), None)
        for name, value in changes.items():
            query[self.parameter(name)] = value
        return f"?{query.urlencode()}"

    def respond(self, template: str, context: dict | None = None) -> HttpResponse:
        """The page with `listing` in its context, or the export that the URL asks for."""
        export = {"csv": csv_response, "xlsx": xlsx_response}.get(self.request.GET.get(self.parameter("export"), ""))
        if export:
            return export(self)
        return render(self.request, template, {"listing": self, **(context or {})})


def _safe(value):
    """A value for a spreadsheet: numbers and days as they are; an apostrophe disarms a formula."""
    if value is None or isinstance(value, (bool, int, float, Decimal)):
        return value
    if isinstance(value, datetime.datetime):
        return value.astimezone(ALMATY).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, datetime.date):
        return value
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _lines(listing: Listing, language: str | None) -> Iterator[list]:
    # A streamed answer is read after the request has ended, and with it the choice of language.
    with override(language):
        yield [str(column.label) for column in listing.columns]
        for row in listing.rows.iterator(chunk_size=ROWS_A_FETCH):
            yield [_safe(column.raw(row)) for column in listing.columns]


class _Echo:
    """The writer's file: hands each line back instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def csv_response(listing: Listing) -> StreamingHttpResponse:
    """Stream every filtered row: UTF-8 with its mark (so that Excel reads Kazakh), commas, ISO days, decimal point."""
    writer = csv.writer(_Echo())
    lines = (writer.writerow(line) for line in _lines(listing, get_language()))
    response = StreamingHttpResponse(_marked(lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{listing.name}.csv"'
    return response


def _marked(lines: Iterator[str]) -> Iterator[str]:
    yield "\N{BYTE ORDER MARK}"
    yield from lines


def xlsx_response(listing: Listing) -> FileResponse:
    """Every filtered row as a workbook, written row by row to a temporary file."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(listing.name[:31])
    sheet.freeze_panes = "B2"
    for place, line in enumerate(_lines(listing, get_language())):
        sheet.append([_head_cell(sheet, text) for text in line] if place == 0 else line)
    file = tempfile.TemporaryFile()
    book.save(file)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{listing.name}.xlsx", content_type=XLSX)


def _head_cell(sheet, text: str) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, text)
    cell.font = Font(bold=True)
    return cell
