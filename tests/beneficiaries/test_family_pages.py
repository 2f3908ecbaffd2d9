"""What a guardian sees of his own children, and that nobody else's are there."""

import datetime
from decimal import Decimal

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange
from django.urls import reverse
from django.utils.translation import gettext, override

from accounts.models import ReadLog
from registry.enums import ContractStatus, PartState, SheetStatus, UnfundedReason
from tests.factories import OCTOBER, LateFactFactory, ProviderFactory, UserFactory, VoucherFactory
from tests.html import select, text_of, texts_of
from tests.teaching import CLOSED_AT, School, hand_in, october, redeem, voucher_of
from voucher_portal import words
from voucher_portal.dates import ALMATY

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _on_the_fifth_of_november(monkeypatch):
    monkeypatch.setenv("PORTAL_TODAY", "2025-11-05")


@pytest.fixture
def school() -> School:
    return School()


@pytest.fixture
def guardian():
    return UserFactory()


@pytest.fixture
def parent(client, guardian):
    """A browser in which the guardian is signed in."""
    client.force_login(guardian)
    return client


@pytest.fixture
def contract(school, guardian):
    """His child's contract."""
    return school.enrol(guardian=guardian)[0]


def home(client):
    return client.get(reverse("family:home"))


def address(contract) -> str:
    return reverse("family:voucher", args=[voucher_of(contract).public_id])


def cells(response) -> list[str]:
    return texts_of(response, ".part")


def why(response) -> list[str]:
    return texts_of(response, "#month .reckoning dd")


def kzt(amount: str) -> str:
    return words.kzt(Decimal(amount))


def test_a_guardian_sees_a_card_for_each_child_and_no_other_child(parent, school, contract, guardian):
    school.enrol(guardian=guardian)
    school.enrol(child__last_name="Бөтенов")
    response = home(parent)
    assert len(select(response, "section.card")) == 2
    assert "Бөтенов" not in response.content.decode()


def test_the_voucher_of_another_family_is_not_found(parent, school, contract):
    (other,) = school.enrol()
    assert parent.get(address(contract)).status_code == 200
    assert parent.get(address(other)).status_code == 404
    assert parent.get(reverse("family:voucher", args=["00000000-0000-4000-8000-000000000000"])).status_code == 404


@pytest.mark.parametrize("role", ["provider_director", "department_officer", "operator"])
def test_nobody_reads_a_family_page_by_a_role(client, school, contract, role):
    if role == "provider_director":
        client.force_login(school.director)
    else:
        client.force_login(UserFactory(**{role: True}))
    assert client.get(address(contract)).status_code == 404
    assert not select(home(client), ".part")


def test_a_director_sees_his_own_child_as_any_parent_does(client, school):
    (contract,) = school.enrol(guardian=school.director)
    school.enrol()
    client.force_login(school.director)
    assert len(select(home(client), "section.card")) == 1
    assert client.get(address(contract)).status_code == 200


def test_both_parents_see_the_child_and_a_visitor_signs_in_first(client, school, contract):
    other = UserFactory()
    (second,) = school.enrol(guardian=other, child=contract.child)
    client.force_login(other)
    assert client.get(address(contract)).status_code == 200
    client.logout()
    assert client.get(address(second)).status_code == 302


def test_a_contract_that_never_was_in_force_gives_no_child(parent, school, guardian):
    school.enrol(guardian=guardian, status=ContractStatus.ANNULLED)
    assert not select(home(parent), ".part")
    assert len(select(home(parent), ".empty-state")) == 1


def test_reading_ones_own_child_is_not_recorded(parent, contract):
    home(parent)
    parent.get(address(contract))
    assert not ReadLog.objects.exists()


def test_parts_show_states_and_sums(parent, school, contract):
    hand_in(contract, october(N="7 24"))
    (act,) = school.close()
    with override("ru"):
        shown = cells(parent.get(address(contract)))
        assert shown[0].endswith(f"{PartState.EXPIRED.label} —")
        assert shown[1].endswith(f"{PartState.WRITTEN_OFF.label} 68\xa0642\xa0₸")
        assert shown[2].endswith(f"{PartState.RESERVED.label} 77\xa0222\xa0₸")
        redeem(act)
        assert str(PartState.REDEEMED.label) in cells(parent.get(address(contract)))[1]
    assert len(shown) == 9


def test_a_preschool_voucher_has_twelve_parts(parent, guardian, contract):
    voucher = VoucherFactory(child=contract.child, programme="preschool")
    response = parent.get(reverse("family:voucher", args=[voucher.public_id]))
    assert len(cells(response)) == 12


def test_the_month_says_why_it_costs_what_it_costs(parent, school, contract):
    hand_in(contract, october(S="1", N="7 24"))
    school.close()
    response = parent.get(address(contract), {"month": "2025-10"})
    assert why(response) == [kzt("77222.22"), "18", "16", kzt("-8580.25"), kzt("68641.97")]
    assert kzt("68641.97") in text_of(response, "#month h2")
    assert len(select(response, "#month .month-days td.off")) == 13


def test_a_part_of_a_month_shows_the_days_of_its_contract(parent, school, guardian):
    (contract,) = school.enrol(
        guardian=guardian, days=DateRange(datetime.date(2025, 10, 15), datetime.date(2026, 5, 26))
    )
    hand_in(contract, october(N="16"))
    response = parent.get(address(contract), {"month": "2025-10"})
    assert why(response) == [kzt("77222.22"), "18", "8", "7", kzt("-4290.13"), kzt("30030.86")]


def test_a_month_of_two_organisations_shows_both(parent, school, guardian):
    second = School(provider=ProviderFactory(issuer=school.provider.issuer))
    until = datetime.date(2025, 10, 15)
    (before,) = school.enrol(guardian=guardian, days=DateRange(datetime.date(2025, 9, 2), until))
    (after,) = second.enrol(days=DateRange(until, datetime.date(2026, 5, 26)), child=before.child)
    hand_in(before)
    hand_in(after)
    school.close()
    response = parent.get(address(before))
    assert texts_of(response, "#month h3") == [school.provider.name, second.provider.name]
    assert kzt("77222.22") in text_of(response, "#month h2")
    assert why(response)[4::5] == [kzt("42901.23"), kzt("34320.99")]


def test_a_month_without_a_sheet_shows_what_is_reserved(parent, contract):
    response = parent.get(address(contract), {"month": "2026-05"})
    assert why(response) == [kzt("77222.24"), "14", kzt("77222.24")]


def test_a_sheet_that_changed_after_the_close_shows_old_and_new_sums(parent, school, contract):
    sheet = hand_in(contract)
    school.close()
    sheet.marks, sheet.version = october(N="7 24"), 2
    sheet.save()
    LateFactFactory(contract=contract, month=OCTOBER, reason="SHEET", noticed_at=CLOSED_AT)
    response = parent.get(address(contract))
    assert kzt("77222.22") in text_of(response, "#month h2")
    assert why(response)[-1] == kzt("68641.97")


@pytest.mark.parametrize("month", ["2031-01", "october", "2025-10-01"])
def test_a_month_that_is_not_there_falls_back(parent, contract, month):
    assert parent.get(address(contract), {"month": month}).status_code == 200


# What is awaited


def confirmation(response) -> list[str]:
    return texts_of(response, ".deadline")


def approved(day: int, **fields) -> dict:
    return {"approved_at": datetime.datetime(2025, 11, day, 9, tzinfo=ALMATY), **fields}


def test_a_sheet_without_the_parents_word_shows_its_deadline_and_no_button(parent, school, contract):
    hand_in(contract, **approved(3))
    response = parent.get(address(contract))
    with override("ru"):
        (text,) = confirmation(response)
        assert words.day_words(datetime.date(2025, 11, 6)) in text
        assert words.deadline(1) in text
    assert not select(response, ".deadline a, .deadline button")
    assert words.day_words(datetime.date(2025, 11, 6), "ru") in text_of(home(parent), ".awaited")


@pytest.mark.parametrize(
    "fields",
    [{"status": SheetStatus.DRAFT}, {"guardian_confirmed_at": datetime.datetime(2025, 11, 4, 9, tzinfo=ALMATY)}],
)
def test_a_draft_or_a_confirmed_sheet_asks_for_nothing(parent, contract, fields):
    hand_in(contract, **approved(3, **fields))
    assert not confirmation(parent.get(address(contract)))


def test_after_the_close_the_parents_word_is_no_longer_asked_for(parent, school, contract):
    hand_in(contract, **approved(3))
    school.close()
    assert not confirmation(parent.get(address(contract)))


def test_the_card_says_what_is_awaited(parent, school, contract):
    with override("ru"):
        assert words.month_words(datetime.date(2025, 11, 1)) in text_of(home(parent), ".awaited")
        assert words.day_words(datetime.date(2025, 11, 30)) in text_of(home(parent), ".awaited")


def test_the_card_says_why_a_contract_is_not_funded(parent, school, guardian):
    school.provider.state_orders.all().delete()
    school.enrol(guardian=guardian)
    with override("ru"):
        assert str(UnfundedReason.NO_STATE_ORDER.label) in text_of(home(parent), "main")


def test_the_card_says_that_no_contract_covers_this_month(parent, school, guardian):
    until = datetime.date(2025, 10, 15)
    school.enrol(guardian=guardian, days=DateRange(datetime.date(2025, 9, 2), until), ends_on=until)
    with override("ru"):
        none = gettext("There is no funded contract with an organisation for this month")
    assert none in text_of(home(parent), ".awaited")


# Movements, and many


def test_movements_are_told_as_events_in_pages(parent, school, contract, monkeypatch):
    hand_in(contract)
    school.close()
    monkeypatch.setattr("beneficiaries.views.MOVEMENTS_A_PAGE", 2)
    first = parent.get(address(contract))
    assert len(select(first, ".movements tbody tr")) == 2
    second = parent.get(address(contract) + select(first, "#movements [rel=next]")[0].get("href").split("#")[0])
    assert kzt("695000.00") in text_of(second, ".movements")


@pytest.mark.parametrize("count", [1, 20])
def test_pages_cost_the_same_queries_for_any_number_of_children(
    parent, school, guardian, django_assert_num_queries, count
):
    contracts = school.enrol(count, guardian=guardian)
    for each in contracts:
        hand_in(each, **approved(3))
    home(parent)
    with django_assert_num_queries(10):
        home(parent)
    with django_assert_num_queries(18):
        parent.get(address(contracts[0]))
