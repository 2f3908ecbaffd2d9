"""What the staff of a provider see, and what they do not."""

import csv
import datetime
from decimal import Decimal

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange
from django.urls import reverse
from django.utils.translation import gettext, override

from accounts.models import ReadLog
from acts.enums import ActState, OrderState
from acts.models import Charge, PaymentOrder
from acts.provider_pages.funding import WHAT_TO_DO
from acts.provider_pages.months import shown_month
from acts.provider_pages.steps import OWNERS
from registry.enums import ContractStatus, Mark, SheetStatus, UnfundedReason
from registry.marks import letter_of
from registry.models import Contract
from tests.factories import (
    OCTOBER,
    SEPTEMBER,
    ClosedThroughFactory,
    LateFactFactory,
    ProviderFactory,
    PutAsideFactory,
    SheetFactory,
    SuspensionFactory,
    UserFactory,
)
from tests.html import element, select, text_of, texts_of
from tests.teaching import CLOSED_AT, School, hand_in, october
from voucher_portal import words
from voucher_portal.dates import add_months
from voucher_portal.identifiers import mask_iin

pytestmark = pytest.mark.django_db
PLACES = ["home", "contingent", "sheets", "acts", "payments"]
IN_OCTOBER = {"month": "2025-10"}


@pytest.fixture(autouse=True)
def _on_the_fifth_of_november(monkeypatch):
    monkeypatch.setenv("PORTAL_TODAY", "2025-11-05")


@pytest.fixture
def school() -> School:
    return School()


@pytest.fixture
def staff(client, school):
    """A browser in which the school's director is signed in."""
    client.force_login(school.director)
    return client


def page(client, name: str, *args, **query):
    response = client.get(reverse(f"school:{name}", args=args), query)
    assert response.status_code == 200
    return response


def kzt(amount) -> str:
    return words.kzt(Decimal(amount))


# Who may


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("role", ["provider_director", "provider_clerk"])
def test_staff_of_a_provider_open_its_pages(client, school, role, place):
    client.force_login(school.employ(role))
    page(client, place)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("role", ["department_officer", "operator", "commission_member", "auditor", None])
def test_others_may_not(client, role, place):
    client.force_login(UserFactory(**({role: True} if role else {})))
    assert client.get(reverse(f"school:{place}")).status_code == 403


@pytest.mark.parametrize("place", PLACES)
def test_a_visitor_is_asked_to_sign_in(client, place):
    assert client.get(reverse(f"school:{place}")).status_code == 302


def test_nothing_of_another_organisation_is_shown(staff):
    other = School()
    (theirs,) = other.enrol(child__last_name="Бөтенов")
    hand_in(theirs)
    other.close()
    for place in PLACES:
        assert "Бөтенов" not in page(staff, place, **IN_OCTOBER).content.decode()
    assert not select(page(staff, "acts"), "tbody tr")
    assert staff.get(reverse("school:child", args=[theirs.child_id])).status_code == 404
    assert staff.get(reverse("school:sheet", args=[theirs.pk, "2025-10"])).status_code == 404


def test_an_annulled_contract_opens_no_card(staff, school):
    (contract,) = school.enrol(status=ContractStatus.ANNULLED)
    assert staff.get(reverse("school:child", args=[contract.child_id])).status_code == 404


def test_reading_a_card_is_recorded_and_reading_a_list_is_not(staff, school):
    (contract,) = school.enrol()
    hand_in(contract)
    page(staff, "contingent")
    page(staff, "sheets", **IN_OCTOBER)
    assert not ReadLog.objects.exists()
    page(staff, "child", contract.child_id)
    page(staff, "sheet", contract.pk, "2025-10")
    reads = ReadLog.objects.values_list("user", "organisation", "object_kind", "object_id")
    expected = (school.director.pk, school.provider.organisation_id, "registry.child", str(contract.child_id))
    assert list(reads) == [expected, expected]


# Contingent


def test_an_unfunded_contract_says_why_and_what_to_do(staff, school):
    school.provider.state_orders.all().delete()
    school.enrol()
    response = page(staff, "contingent")
    with override("ru"):
        reason = UnfundedReason.NO_STATE_ORDER
        assert str(reason.label) in text_of(response, "tbody tr")
        assert str(WHAT_TO_DO[reason]) in text_of(response, "tbody tr")


def test_every_reason_has_words_for_what_to_do():
    assert set(WHAT_TO_DO) == set(UnfundedReason)


def test_a_child_is_found_without_kazakh_letters_and_by_the_start_of_the_iin(staff, school):
    found, _other = school.enrol(child__last_name="Қайратов"), school.enrol(child__last_name="Серіков")
    for search in ("кайрат", "Қайратов Әсем", found[0].child.iin[:7]):
        assert [text.split()[0] for text in texts_of(page(staff, "contingent", search=search), "tbody th")][:1] == [
            "Қайратов"
        ]
    assert len(select(page(staff, "contingent", search="кайрат"), "tbody tr")) == 1


def test_the_contingent_is_filtered_by_group_funding_reason_and_status(staff, school):
    school.enrol(group_name="1А")
    school.enrol(group_name="10Б", status=ContractStatus.ENDED)
    elsewhere = Contract.objects.first().child
    school.enrol(group_name="2В", child=elsewhere)
    choices = [option.text for option in select(page(staff, "contingent"), "[name=group] option")][1:]
    assert choices == ["1А", "2В", "10Б"]
    for query, groups in [
        ({"group": "1А"}, ["1А"]),
        ({"funding": "UNFUNDED"}, ["2В"]),
        ({"funding": "CHILD_ELSEWHERE"}, ["2В"]),
        ({"funding": "NO_NORM"}, []),
        ({"status": "ended"}, ["10Б"]),
    ]:
        assert [cells[2].text_content() for cells in _rows(page(staff, "contingent", **query))] == groups


def _rows(response):
    return [row.xpath("./th|./td") for row in select(response, "tbody tr")]


def test_the_export_has_the_filtered_rows_and_no_whole_iin(staff, school):
    (first,) = school.enrol(group_name="1А")
    school.enrol(group_name="2Б")
    response = page(staff, "contingent", group="1А", export="csv")
    lines = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert mask_iin(first.child.iin) in lines[1]
    assert first.child.iin not in lines[1]


def test_the_programme_is_asked_only_where_there_are_two(staff, school):
    assert not select(page(staff, "contingent"), "[name=programme]")
    school.provider.programmes = ["school", "preschool"]
    school.provider.save()
    assert select(page(staff, "contingent"), "[name=programme]")


# Sheets


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_the_grid_has_letters_of_the_language_and_grey_days_off(client, language):
    school = School(language=language)
    client.force_login(school.director)
    (contract,) = school.enrol()
    hand_in(contract, october(S="1", L="2", Q="3", N="6"))
    days = select(page(client, "sheets", **IN_OCTOBER), "table.sheet tbody td.day")
    with override(language):
        letters = [letter_of(mark) for mark in (Mark.SICK, Mark.LEAVE, Mark.QUARANTINE)]
        assert [day.text_content() for day in days[:6]] == [*letters, "", "", letter_of(Mark.NO_REASON)]
        assert days[0].get("title") == Mark.SICK.label
    assert [place + 1 for place, day in enumerate(days) if "off" in day.classes] == [
        4, 5, 11, 12, 18, 19, 25, 26, 27, 28, 29, 30, 31,
    ]  # fmt: skip


def test_days_outside_the_contract_are_told_apart(staff, school):
    (contract,) = school.enrol(days=DateRange(datetime.date(2025, 10, 15), datetime.date(2026, 5, 26)))
    hand_in(contract)
    response = page(staff, "sheets", **IN_OCTOBER)
    assert len(select(response, "tbody td.uncovered")) == 10
    assert _days_and_sum(response) == ["8/18", kzt("34320.99")]


def _days_and_sum(response) -> list[str]:
    return texts_of(response, "tbody td.sum")[:2]


@pytest.mark.parametrize(
    ("marks", "days", "amount"),
    [
        (october(), "18/18", "77222.22"),
        (october(S="1", L="2", Q="3"), "18/18", "77222.22"),
        (october(N="15"), "17/18", "72932.10"),
        (october(N="7 24", S="20 22"), "16/18", "68641.97"),
        (october(S=" ".join(map(str, range(1, 32)))), "0/18", "0.00"),
        ("." * 31, "0/18", "0.00"),
    ],
)
def test_an_open_month_shows_what_the_sheet_would_earn_and_the_close_charges_just_that(
    staff, school, marks, days, amount
):
    (contract,) = school.enrol()
    hand_in(contract, marks)
    assert _days_and_sum(page(staff, "sheets", **IN_OCTOBER)) == [days, kzt(amount)]
    school.close()
    assert _days_and_sum(page(staff, "sheets", **IN_OCTOBER)) == [days, kzt(amount)]
    charged = sum(charge.amount_kzt for charge in Charge.objects.filter(contract=contract))
    assert kzt(charged) == kzt(amount)


def test_two_schools_of_one_month_show_shares_that_add_up_and_the_close_agrees(client, school):
    second = School(provider=ProviderFactory(issuer=school.provider.issuer))
    (before,) = school.enrol(days=DateRange(datetime.date(2025, 9, 2), datetime.date(2025, 10, 15)))
    (after,) = second.enrol(
        days=DateRange(datetime.date(2025, 10, 15), datetime.date(2026, 5, 26)), child=before.child
    )
    hand_in(before, october(N="7"))
    hand_in(after)
    shown = {}
    for place, contract in ((school, before), (second, after)):
        client.force_login(place.director)
        shown[contract.pk] = _days_and_sum(page(client, "sheets", **IN_OCTOBER))
    assert shown == {before.pk: ["9/18", kzt("38611.11")], after.pk: ["8/18", kzt("34320.99")]}
    school.close()
    assert {charge.contract_id: kzt(charge.amount_kzt) for charge in Charge.objects.all()} == {
        pk: cells[1] for pk, cells in shown.items()
    }


def test_a_draft_shows_its_sum_while_the_month_is_open_and_nothing_after_the_close(staff, school):
    (contract,) = school.enrol()
    hand_in(contract, status=SheetStatus.DRAFT)
    assert _days_and_sum(page(staff, "sheets", **IN_OCTOBER)) == ["18/18", kzt("77222.22")]
    school.close()
    assert _days_and_sum(page(staff, "sheets", **IN_OCTOBER)) == ["0/18", kzt("0.00")]


def test_a_sheet_that_changed_after_the_close_is_told(staff, school):
    (contract,) = school.enrol()
    sheet = hand_in(contract)
    school.close()
    assert not select(page(staff, "sheets", **IN_OCTOBER), "tbody .sum .is-written-off")
    sheet.marks, sheet.version = october(N="1 2"), 2
    sheet.save()
    LateFactFactory(contract=contract, month=OCTOBER, reason="SHEET", noticed_at=CLOSED_AT)
    response = page(staff, "sheets", **IN_OCTOBER)
    assert len(select(response, "tbody .sum .is-written-off")) == 1
    assert _days_and_sum(response)[0] == "18/18"
    detail = page(staff, "sheet", contract.pk, "2025-10")
    assert kzt("77222.22") in text_of(detail, "main")
    assert kzt("68641.97") in text_of(detail, ".reckoning > div:last-child")


def test_a_contract_that_is_not_funded_has_no_sum(staff, school):
    school.provider.state_orders.all().delete()
    (contract,) = school.enrol()
    hand_in(contract)
    with override("ru"):
        assert _days_and_sum(page(staff, "sheets", **IN_OCTOBER)) == ["—", _not_funded()]
        detail = page(staff, "sheet", contract.pk, "2025-10")
        assert str(UnfundedReason.NO_STATE_ORDER.label) in text_of(detail, "main")
    assert not select(detail, ".reckoning")


def _not_funded() -> str:
    return gettext("not funded")


def test_sheets_are_filtered_by_their_state(staff, school):
    approved, draft, _missing = school.enrol(3)
    hand_in(approved)
    hand_in(draft, status=SheetStatus.DRAFT)
    for state, count in [("approved", 1), ("draft", 1), ("missing", 1), ("", 3)]:
        assert len(select(page(staff, "sheets", state=state, **IN_OCTOBER), "tbody tr")) == count


def test_the_export_of_sheets_has_a_column_a_day_and_letters_without_a_sign(staff, school):
    (contract,) = school.enrol()
    hand_in(contract, october(S="1"))
    response = page(staff, "sheets", export="csv", **IN_OCTOBER)
    head, row = csv.reader(b"".join(response.streaming_content).decode("utf-8-sig").splitlines())
    assert len(head) == len(row) == 3 + 31 + 6
    with override("ru"):
        assert row[3] == letter_of(Mark.SICK)
    assert not any(cell.startswith(("+", "'")) for cell in row)
    assert row[34:37] == ["18", "18", "77222.22"]


def test_the_month_of_a_child_explains_its_sum(staff, school):
    (contract,) = school.enrol()
    hand_in(contract, october(S="1", N="6 7"))
    lines = [text.split() for text in texts_of(page(staff, "sheet", contract.pk, "2025-10"), ".reckoning dd")]
    texts = [" ".join(line) for line in lines]
    assert texts == [
        " ".join(each.split()) for each in (kzt("77222.22"), "18", "16", kzt("-8580.25"), kzt("68641.97"))
    ]


@pytest.mark.parametrize("month", ["2025-13", "october", "2031-01"])
def test_a_month_that_is_not_there_is_not_found(staff, school, month):
    (contract,) = school.enrol()
    assert staff.get(reverse("school:sheet", args=[contract.pk, month])).status_code == 404


@pytest.mark.parametrize(
    ("closed", "today", "month"),
    [
        (None, "2025-11-05", OCTOBER),
        (SEPTEMBER, "2025-11-05", OCTOBER),
        (OCTOBER, "2025-11-05", datetime.date(2025, 11, 1)),
        (None, "2025-09-02", SEPTEMBER),
        (None, "2026-07-10", datetime.date(2026, 5, 1)),
        (None, "2025-08-20", datetime.date(2025, 8, 1)),
    ],
)
def test_the_month_shown_first_is_the_one_to_be_closed_next(school, closed, today, month):
    if closed:
        ClosedThroughFactory(issuer=school.provider.issuer, month=closed)
    assert shown_month(school.provider, {}, datetime.date.fromisoformat(today)).month == month


@pytest.mark.parametrize(
    "query", [{"month": "2025-19"}, {"month": "2030-01"}, {"programme": "preschool"}, {"page": "x"}]
)
def test_a_wrong_address_falls_back(staff, school, query):
    school.enrol()
    page(staff, "sheets", **query)
    page(staff, "home", **query)


# Overview


def test_the_overview_counts_sheets_by_group(staff, school):
    ready, draft, _missing = (
        school.enrol(group_name="2Б"),
        school.enrol(group_name="1А"),
        school.enrol(group_name="1А"),
    )
    hand_in(ready[0])
    hand_in(draft[0], status=SheetStatus.DRAFT)
    cells = [[cell.text_content() for cell in row] for row in _rows_of(page(staff, "home"), ".groups__table")]
    assert cells == [["1А", "0", "1", "1"], ["2Б", "1", "0", "0"]]


def _rows_of(response, css: str):
    return [row.xpath("./th|./td") for row in select(response, f"{css} tbody tr")]


def test_the_overview_says_what_holds_up_the_act_and_links_there(staff, school):
    school.enrol()
    school.enrol(child=Contract.objects.first().child)
    lms = school.provider.lms
    PutAsideFactory(lms=lms, provider=school.provider, message="child.iin: wrong")
    PutAsideFactory(lms=lms, kind="sheet", key=f"{Contract.objects.first().external_id} 2025-10", message="own sheet")
    PutAsideFactory(lms=lms, kind="sheet", key="c-of-others 2025-10", message="not ours")
    PutAsideFactory(lms=lms, provider=school.provider, message="settled", resolved_at=CLOSED_AT)
    response = page(staff, "home")
    links = [link.get("href") for link in select(response, ".waits a")]
    assert any("state=missing" in link for link in links)
    assert any("funding=CHILD_ELSEWHERE" in link for link in links)
    for link in links:
        assert staff.get(link if link.startswith("/") else reverse("school:home") + link).status_code == 200
    waits = text_of(response, ".waits")
    assert "child.iin: wrong" in waits
    assert "own sheet" in waits
    assert "not ours" not in waits
    assert "settled" not in waits


def test_while_a_month_runs_nobody_waits_for_its_sheets(staff, school):
    school.enrol()
    school.close()
    response = page(staff, "home")
    assert len(select(response, ".waits .is-redeemed")) == 1
    november = page(staff, "sheets", month="2025-11")
    assert _days_and_sum(november) == ["—", "—"]
    assert not select(november, "tbody .is-problem")
    assert len(select(page(staff, "sheets", **IN_OCTOBER), "tbody .is-problem")) == 1


def test_the_overview_shows_the_money_of_open_billed_and_paid_months(staff, school):
    (contract,) = school.enrol()
    hand_in(contract)
    school.close()
    rows = {row[0].text_content(): [cell.text_content() for cell in row[1:]] for row in _money(staff)}
    with override("ru"):
        assert rows[words.month_words(OCTOBER)] == ["—", kzt("77222.22"), "—"]
        assert rows[words.month_words(datetime.date(2025, 11, 1))] == [kzt("77222.22"), "—", "—"]
        assert words.month_words(SEPTEMBER) not in rows
        school.act(paid=True, bill_month=SEPTEMBER, local_kzt=Decimal("10.50"))
        paid = {row[0].text_content(): [cell.text_content() for cell in row[1:]] for row in _money(staff)}
        assert paid[words.month_words(SEPTEMBER)] == ["—", "—", kzt("10.50")]


def _money(client):
    return _rows_of(page(client, "home"), ".money-table")


def test_the_overview_asks_for_an_act_that_waits_for_the_organisation(staff, school):
    act = school.act()
    assert element(page(staff, "home"), ".deadline a").get("href") == act.get_absolute_url()
    act.submit(by=school.director, at=CLOSED_AT)
    act.save()
    assert not select(page(staff, "home"), ".deadline")


def test_the_overview_says_that_the_payment_is_suspended_and_that_the_lms_is_silent(staff, school):
    SuspensionFactory(provider=school.provider)
    lms = school.provider.lms
    lms.failure, lms.failed_at = "timeout", CLOSED_AT
    lms.save()
    response = page(staff, "home")
    assert len(select(response, ".deadline.is-problem")) == 1
    assert words.moment(CLOSED_AT) in text_of(response, ".page-head .is-problem")


# Acts and payments


@pytest.mark.parametrize("state", ["submitted", "returned", "accepted", "paid", None])
def test_the_list_of_acts_says_who_owes_the_next_step(staff, school, state):
    act = school.act(**({state: True} if state else {}))
    (row,) = _rows(page(staff, "acts"))
    with override("ru"):
        assert row[5].text_content() == (str(OWNERS[act.state]) if act.state != ActState.PAID else "—")
    assert row[0].find("a").get("href") == act.get_absolute_url()
    assert (row[6].text_content() == "—") == (act.state == ActState.PAID)


def test_acts_are_filtered_by_month_state_and_number(staff, school):
    school.act(number="A-1")
    school.act(number="A-2", bill_month=SEPTEMBER, submitted=True)
    for query, numbers in [
        ({"month": "2025-09-01"}, ["A-2"]),
        ({"state": "TO_PROVIDER"}, ["A-1"]),
        ({"number": "a-2"}, ["A-2"]),
        ({}, ["A-1", "A-2"]),
    ]:
        assert texts_of(page(staff, "acts", **query), "tbody th") == numbers


def _order(act, amount: str, **fields) -> PaymentOrder:
    made = {"created_at": CLOSED_AT, "changed_at": CLOSED_AT, "source": "local"} | fields
    return PaymentOrder.objects.create(act=act, amount_kzt=Decimal(amount), pay_kzt=Decimal(amount), **made)


def test_payments_show_their_state_and_what_was_received_by_month(staff, school):
    first, second = (school.act(bill_month=month) for month in (SEPTEMBER, OCTOBER))
    _order(first, "100.10", state=OrderState.PAID, changed_at=CLOSED_AT.replace(month=10, day=31, hour=23))
    _order(second, "200.20", state=OrderState.PAID)
    _order(second, "1.30", source="republican", state=OrderState.REJECTED, reason="Счёт закрыт")
    response = page(staff, "payments")
    assert texts_of(response, ".reckoning dd") == [kzt("200.20"), kzt("100.10")]
    assert "Счёт закрыт" in text_of(response, "tbody")
    assert len(select(page(staff, "payments", state="PAID"), "tbody tr")) == 2


# Empty, and many


@pytest.mark.parametrize("place", PLACES)
def test_an_organisation_without_anything_yet_sees_what_will_be_there(client, place):
    director = UserFactory(provider_director=True)
    ProviderFactory(organisation=director.memberships.get().organisation, lms=None)
    client.force_login(director)
    assert text_of(page(client, place), "main")


@pytest.mark.parametrize(
    ("place", "query", "queries"),
    [("home", {}, 13), ("contingent", {}, 6), ("sheets", IN_OCTOBER, 12), ("acts", {}, 6), ("payments", {}, 6)],
)
@pytest.mark.parametrize("count", [1, 20])
def test_pages_cost_the_same_queries_for_any_number_of_rows(
    staff, school, django_assert_num_queries, place, query, queries, count
):
    for contract in school.enrol(count):
        hand_in(contract)
    (act,) = school.close()
    _order(act, "10.00")
    for more in range(1, count):
        _order(school.act(bill_month=add_months(SEPTEMBER, -more)), "1.00")
    page(staff, place, **query)
    with django_assert_num_queries(queries):
        page(staff, place, **query)


@pytest.mark.parametrize("count", [1, 20])
def test_a_card_costs_the_same_queries_for_any_number_of_sheets(staff, school, django_assert_num_queries, count):
    (contract,) = school.enrol()
    for place in range(count):
        SheetFactory(contract=contract, month=add_months(OCTOBER, -place))
    with django_assert_num_queries(9):
        page(staff, "child", contract.child_id)
    with django_assert_num_queries(13):
        page(staff, "sheet", contract.pk, "2025-10")
