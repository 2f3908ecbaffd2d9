"""The list kit, shown on organisations: filters, order, pages, exports, the two kinds of empty."""

import contextlib
import csv
import io

import pytest
from django.test import RequestFactory
from django_filters import ChoiceFilter, FilterSet
from openpyxl import load_workbook

from accounts.enums import OrganisationKind
from accounts.models import Organisation
from tests import html
from tests.factories import OrganisationFactory
from voucher_portal import words
from voucher_portal.listing import Column, Listing, PeopleSearchFilter

pytestmark = pytest.mark.django_db


class OrganisationFilter(FilterSet):
    search = PeopleSearchFilter(key="sort_key_ru", iin="bin")
    kind = ChoiceFilter(choices=OrganisationKind, empty_label="All")


class OrganisationList(Listing):
    title = "Organisations"
    name = "organisations"
    filters = OrganisationFilter
    order = "name"
    empty = "Organisations will appear here."
    columns = [
        Column("name", "Name", "name_ru", sort="sort_key_ru", link=lambda row: f"/o/{row.pk}/", on_phone=True),
        Column("bin", "BIN", "bin", sort="bin"),
        Column("debt", "Debt", lambda row: -5000, show=words.kzt, is_number=True),
        Column("kind", "Kind", "get_kind_display", badge="kind"),
    ]


def ask(query: str = "", listing: type[Listing] = OrganisationList):
    return listing(RequestFactory().get(f"/list/{query}"), Organisation.objects.all()).respond("components/table.html")


def downloaded(response) -> bytes:
    with contextlib.closing(response):
        return response.getvalue()


def names(response) -> list[str]:
    return html.texts_of(response, "tbody th")


def test_rows_come_in_the_default_order_of_the_alphabet():
    for name in ("Ярлык", "Әділет", "Айгөлек"):
        OrganisationFactory(name_ru=name)
    assert names(ask()) == ["Айгөлек", "Әділет", "Ярлык"]


def test_the_head_sorts_and_the_second_click_turns_round():
    for number in (1, 2):
        OrganisationFactory(name_ru=f"№ {number}", bin=f"25014099000{number}")
    page = ask("?sort=bin")
    assert names(page) == ["№ 1", "№ 2"]
    head = html.element(page, "th[aria-sort]")
    assert head.get("aria-sort") == "ascending"
    assert head.find("a").get("href") == "?sort=-bin"
    assert names(ask("?sort=-bin")) == ["№ 2", "№ 1"]


def test_an_unknown_order_is_the_default_one():
    OrganisationFactory()
    assert html.element(ask("?sort=password"), "th[aria-sort]").text_content().strip() == "Name"


def test_a_page_has_fifty_rows_and_links_keep_the_filters():
    OrganisationFactory.create_batch(51)
    page = ask("?kind=PROVIDER")
    assert len(names(page)) == 50
    assert html.element(page, "a[rel=next]").get("href") == "?kind=PROVIDER&page=2"
    assert len(names(ask("?kind=PROVIDER&page=2"))) == 1


@pytest.mark.parametrize(("asked", "shown"), [("99", 2), ("x", 1), ("0", 2)])
def test_a_wrong_page_number_gives_a_page(asked, shown):
    OrganisationFactory.create_batch(51)
    page = ask(f"?page={asked}")
    assert html.text_of(page, ".pager [aria-current]") == str(shown)


@pytest.mark.parametrize("typed", ["әділет", "ӘДІЛЕТ", "2501409900"])
def test_the_search_knows_names_and_numbers(typed):
    OrganisationFactory(name_ru="Школа «Әділет»", bin="250140990016")
    OrganisationFactory(name_ru="Школа «Балапан»")

    class Searched(OrganisationFilter):
        search = PeopleSearchFilter(key="name_ru", iin="bin")

    listing = type("Searching", (OrganisationList,), {"filters": Searched})
    expected = 1 if typed[0].isdigit() else 0  # a column that is not folded is not found by folded words
    assert len(names(ask(f"?search={typed}", listing))) == expected


def test_a_wrong_filter_says_so_and_filters_nothing():
    OrganisationFactory()
    page = OrganisationList(RequestFactory().get("/list/?kind=NONSENSE"), Organisation.objects.all())
    assert page.filterset.form.errors["kind"]
    assert len(names(page.respond("components/table.html"))) == 1


def test_an_empty_list_says_what_will_appear():
    page = ask()
    assert "Organisations will appear here." in html.text_of(page, ".empty-state")
    assert not html.select(page, ".empty-state a")


def test_an_empty_result_offers_to_clear_the_filters():
    OrganisationFactory()
    page = ask("?kind=OPERATOR")
    assert html.element(page, ".empty-state a").get("href") == "/list/"


def test_the_filter_form_keeps_the_order_and_other_parameters_but_not_the_page():
    listing = OrganisationList(RequestFactory().get("/?sort=bin&page=2&kind=OPERATOR&month=2025-10"), None)
    listing.queryset = Organisation.objects.all()
    assert listing.kept == [("sort", "bin"), ("month", "2025-10")]


@pytest.mark.parametrize("count", [1, 20])
def test_a_page_costs_two_queries_for_any_number_of_rows(count, django_assert_num_queries):
    OrganisationFactory.create_batch(count)
    with django_assert_num_queries(2):  # the count, the page
        ask("?kind=PROVIDER&search=2")


def test_csv_has_exactly_the_filtered_rows_and_raw_values():
    OrganisationFactory(name_ru="Қайрат", bin="250140990016")
    OrganisationFactory(kind=OrganisationKind.OPERATOR)
    response = ask("?kind=PROVIDER&export=csv")
    body = downloaded(response).decode()
    assert response["Content-Disposition"] == 'attachment; filename="organisations.csv"'
    assert body.startswith("\ufeff")
    head, *rows = csv.reader(io.StringIO(body.removeprefix("\ufeff")))
    assert head == ["Name", "BIN", "Debt", "Kind"]
    assert [row[:3] for row in rows] == [["Қайрат", "250140990016", "-5000"]]


def test_xlsx_has_the_same_rows_with_numbers_as_numbers():
    OrganisationFactory(name_ru="Қайрат")
    response = ask("?export=xlsx")
    sheet = load_workbook(io.BytesIO(downloaded(response))).active
    assert [cell.value for cell in sheet[1]] == ["Name", "BIN", "Debt", "Kind"]
    assert (sheet["A2"].value, sheet["C2"].value) == ("Қайрат", -5000)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_text_that_looks_like_a_formula_is_disarmed(start, kind):
    OrganisationFactory(name_ru=f"{start}HYPERLINK()")
    body = downloaded(ask(f"?export={kind}"))
    if kind == "csv":
        cell = list(csv.reader(io.StringIO(body.decode().removeprefix("\ufeff"), newline="")))[1][0]
    else:
        cell = load_workbook(io.BytesIO(body)).active["A2"].value
    assert cell.startswith("'")


def test_two_lists_of_one_page_do_not_share_parameters():
    OrganisationFactory.create_batch(2)
    listing = type("Second", (OrganisationList,), {"prefix": "b", "rows_a_page": 1})
    page = ask("?page=2&b-page=2", listing)
    assert html.text_of(page, ".pager [aria-current]") == "2"
    assert html.element(page, "a[rel=prev]").get("href") == "?page=2&b-page=1"
    assert html.element(page, ".list").get("id") == "b-list"
