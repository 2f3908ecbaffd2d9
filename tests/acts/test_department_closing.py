"""Closing a month on the department's pages: preview, confirmation, progress, result; by whom, and once."""

import datetime

import pytest
from django.core.cache import cache
from django.urls import reverse

from acts import closing_progress
from acts.closing_tasks import run_close
from acts.department_pages.closing import ConfirmForm, Summary
from acts.enums import CloseStage
from acts.models import Act, Charge, MonthClose
from registry.models import ClosedThrough, LedgerEntry, Sheet
from tests.acts.paying import forget_temporary_tables, make_region
from tests.factories import MembershipFactory, SheetFactory, UserFactory
from tests.html import element, select, submit, text_of, texts_of
from voucher_portal.dates import Month
from voucher_portal.words import kzt

OCTOBER = Month(2025, 10)
CONFIRM = "form.confirm"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def november(monkeypatch):
    """October has ended; nothing is left over in the cache."""
    monkeypatch.setenv("PORTAL_TODAY", "2025-11-10")
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def client(client):
    """A browser that must send the token of its form."""
    client.handler.enforce_csrf_checks = True
    return client


@pytest.fixture
def region():
    """One kindergarten with three children who were there all October."""
    made = make_region(children=3)
    for contract in made.contracts[made.providers[0].pk]:
        SheetFactory(contract=contract, month=OCTOBER.first)
    forget_temporary_tables()
    return made


def officer_of(region, role: str = "DEPARTMENT_OFFICER", **names):
    return MembershipFactory(role=role, organisation=region.issuer.organisation, user=UserFactory(**names)).user


def address(region, name: str = "close_month", month: str = "2025-10") -> str:
    return reverse(f"department:{name}", args=[region.issuer.code, "preschool", month])


def numbers(response) -> list[str]:
    return texts_of(response, ".numbers dd")


def test_a_preview_writes_nothing_and_names_children_sums_and_what_cannot_be_undone(client, region):
    client.force_login(officer_of(region))
    before = LedgerEntry.objects.count()
    response = client.get(address(region))
    assert numbers(response) == ["3", "1", kzt("166977.00"), kzt("152004.00"), kzt("14973.00")]
    question = text_of(response, f"{CONFIRM} h2")
    assert kzt("166977.00") in question
    assert "2025" in question
    assert text_of(response, f"{CONFIRM} p")
    assert (MonthClose.objects.count(), Charge.objects.count(), LedgerEntry.objects.count()) == (0, 0, before)


@pytest.mark.parametrize("role", ["DEPARTMENT_OFFICER", "DEPARTMENT_HEAD"])
def test_the_result_has_the_numbers_of_the_preview(client, region, role):
    client.force_login(officer_of(region, role))
    preview = client.get(address(region))
    result = submit(client, preview, CONFIRM, follow=True)
    assert numbers(result) == numbers(preview)
    assert MonthClose.objects.get().closed_by.memberships.get().role == role
    acts = client.get(element(result, ".numbers a").get("href"))
    assert [text_of(acts, "#list tbody th")] == [Act.objects.get().number]


def test_a_second_click_changes_nothing(client, region):
    client.force_login(officer_of(region))
    page = client.get(address(region))
    submit(client, page, CONFIRM)
    entries = LedgerEntry.objects.count()
    assert submit(client, page, CONFIRM).url == address(region)
    assert (MonthClose.objects.count(), Act.objects.count(), LedgerEntry.objects.count()) == (1, 1, entries)


def test_a_task_that_runs_twice_closes_once(region):
    person = officer_of(region)
    for _twice in range(2):
        run_close(region.issuer.pk, "preschool", str(OCTOBER), person.pk)
        forget_temporary_tables()
    assert (MonthClose.objects.count(), Act.objects.count()) == (1, 1)
    assert closing_progress.progress_of(region.issuer, "preschool", OCTOBER) is None


def test_who_comes_second_finds_the_close_of_the_first(client, region):
    client.force_login(officer_of(region))
    page = client.get(address(region))
    assert closing_progress.ask(region.issuer, "preschool", OCTOBER, by="Ахметова Д.")
    closing_progress.tell(region.issuer, "preschool", OCTOBER, CloseStage.CHARGING)
    shown = submit(client, page, CONFIRM, follow=True)
    assert "Ахметова Д." in text_of(shown, "main")
    assert not select(shown, CONFIRM)
    assert not MonthClose.objects.exists()


def test_progress_tells_each_stage_with_and_without_javascript(client, region):
    client.force_login(officer_of(region))
    closing_progress.ask(region.issuer, "preschool", OCTOBER, by="Ахметова Д.")
    for stage in (CloseStage.COUNTING, CloseStage.CHARGING):
        closing_progress.tell(region.issuer, "preschool", OCTOBER, stage)
    page = client.get(address(region))
    signs = texts_of(page, "#stages .state__sign")
    assert signs == ["✓", "●", "○", "○"]
    assert address(region) in [link.get("href") for link in select(page, "main .card a.btn")]
    fragment = client.get(address(region), headers={"HX-Request": "true"})
    assert texts_of(fragment, "#stages .state__sign") == signs
    assert not select(fragment, "main")


def test_a_page_that_waits_is_refreshed_when_the_month_is_closed(client, region):
    person = officer_of(region)
    client.force_login(person)
    closing_progress.ask(region.issuer, "preschool", OCTOBER, by=person.short_name)
    run_close(region.issuer.pk, "preschool", str(OCTOBER), person.pk)
    assert client.get(address(region), headers={"HX-Request": "true"})["HX-Refresh"] == "true"


def test_a_close_that_stopped_says_why_and_can_be_started_again(client, region):
    client.force_login(officer_of(region))
    closing_progress.ask(region.issuer, "preschool", OCTOBER, by="Ахметова Д.")
    closing_progress.fail(region.issuer, "preschool", OCTOBER, "Причина остановки")
    assert client.get(address(region), headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    page = client.get(address(region))
    assert "Причина остановки" in text_of(page, ".deadline")
    submit(client, page, CONFIRM)
    assert MonthClose.objects.count() == 1


def test_a_close_that_nobody_works_on_any_more_may_be_asked_for_again(region, freeze):
    place = region.issuer, "preschool", OCTOBER
    freeze(2025, 11, 10, 9)
    assert closing_progress.ask(*place, by="Ахметова Д.")
    assert not closing_progress.ask(*place, by="Сейтқали А.")
    freeze(2025, 11, 10, 10, 1)
    assert closing_progress.ask(*place, by="Сейтқали А.")


def test_what_stops_the_close_is_told_to_the_page(region, monkeypatch):
    person = officer_of(region)
    monkeypatch.setenv("PORTAL_TODAY", "2025-10-30")
    run_close(region.issuer.pk, "preschool", str(OCTOBER), person.pk)
    assert closing_progress.progress_of(region.issuer, "preschool", OCTOBER).problem
    assert not MonthClose.objects.exists()


def test_data_that_came_after_the_preview_need_another_look(client, region):
    client.force_login(officer_of(region))
    page = client.get(address(region))
    sheet = Sheet.objects.first()
    sheet.marks, sheet.version = "N" * 31, 2
    sheet.save()
    shown = submit(client, page, CONFIRM, follow=True)
    assert select(shown, ".message--warning")
    assert numbers(shown)[0] == "2"
    assert not MonthClose.objects.exists()


def test_an_auditor_reads_the_preview_and_may_not_close(client, region):
    client.force_login(UserFactory(auditor=True))
    page = client.get(address(region))
    assert numbers(page)[0] == "3"
    assert not select(page, CONFIRM)
    client.handler.enforce_csrf_checks = False
    assert client.post(address(region, "close_start"), {"seen": ""}).status_code == 403
    assert not MonthClose.objects.exists()


@pytest.mark.parametrize("name", ["close_month", "close_corrections", "close_not_charged"])
def test_another_department_finds_nothing(client, region, name):
    client.force_login(UserFactory(department_head=True))
    assert client.get(address(region, name)).status_code == 404


def test_another_department_closes_nothing(client, region):
    client.force_login(UserFactory(department_head=True))
    client.handler.enforce_csrf_checks = False
    assert client.post(address(region, "close_start"), {"seen": ""}).status_code == 404


@pytest.mark.parametrize("role", ["provider_director", "operator", "commission_member", "administrator"])
def test_other_roles_are_refused(client, region, role):
    client.force_login(UserFactory(**{role: True}))
    client.handler.enforce_csrf_checks = False
    assert client.get(address(region)).status_code == 403
    assert client.post(address(region, "close_start"), {"seen": ""}).status_code == 403


def test_a_month_that_has_not_ended_says_when_it_can_be_closed(client, region):
    client.force_login(officer_of(region))
    page = client.get(address(region, month="2025-11"))
    assert page.status_code == 200
    assert not select(page, CONFIRM)
    assert select(page, ".deadline")


def test_a_month_closed_together_with_a_later_one_names_that_one(client, region):
    ClosedThrough.objects.create(issuer=region.issuer, programme="preschool", month=datetime.date(2025, 12, 1))
    client.force_login(officer_of(region))
    assert "декабрь 2025" in text_of(client.get(address(region)), ".deadline")


@pytest.mark.parametrize("wrong", ["2025-13", "autumn"])
def test_a_month_that_does_not_exist_has_no_page(client, region, wrong):
    client.force_login(officer_of(region))
    assert client.get(f"/department/close/{region.issuer.code}/preschool/{wrong}/").status_code == 404
    assert client.get(f"/department/close/{region.issuer.code}/college/2025-10/").status_code == 404


def test_what_is_not_charged_stands_by_reason_and_leads_to_its_contracts(client, region):
    first, second, _third = region.contracts[region.providers[0].pk]
    Sheet.objects.filter(contract=first).update(version=2, status="draft", approved_at=None)
    Sheet.objects.filter(contract=second).update(version=2, marks="N" * 31)
    client.force_login(officer_of(region))
    links = {
        link.get("href").rpartition("=")[2]: link.get("href")
        for link in select(client.get(address(region)), ".waits a")
    }
    assert set(links) == {"SHEET_NOT_APPROVED", "NO_PRESENCE"}
    shown = client.get(links["NO_PRESENCE"])
    assert len(select(shown, "#list tbody tr")) == 1
    assert second.external_id in text_of(shown, "#list")
    assert len(select(client.get(address(region, "close_not_charged")), "#list tbody tr")) == 2


def test_corrections_of_an_older_month_stand_with_their_reason(client, region, monkeypatch):
    region.close(10)
    region.correct(region.contracts[region.providers[0].pk][0], 10, days=5)
    monkeypatch.setenv("PORTAL_TODAY", "2025-12-05")
    forget_temporary_tables()
    client.force_login(officer_of(region))
    preview = client.get(address(region, month="2025-11"))
    late = texts_of(preview, ".unfunded .reckoning dt")
    region.close(11)
    result = client.get(address(region, month="2025-11"))
    assert texts_of(result, ".unfunded .reckoning dt")[0] == late[0]
    lines = client.get(address(region, "close_corrections", "2025-11"))
    assert len(select(lines, "#list tbody tr")) == Charge.objects.filter(
        bill_month="2025-11-01", service_month="2025-10-01"
    ).count() == 2  # fmt: skip


def test_the_home_of_closing_lists_what_can_be_closed_and_what_is(client, region):
    client.force_login(officer_of(region))
    assert address(region) in [
        link.get("href") for link in select(client.get(reverse("department:close")), ".waits a")
    ]
    region.close(10)
    page = client.get(reverse("department:close"))
    assert not select(page, ".waits a")
    assert element(page, "#list tbody th a").get("href") == address(region)


def test_the_numbers_that_are_confirmed_tell_any_two_closes_apart():
    result = {"acts": 1, "children": 3, "charges": {}, "not_charged": {}, "released_kzt": "0.00", "older_kzt": "0.00"}
    sums = {"amount_kzt": "10.00", "local_kzt": "7.00", "republican_kzt": "3.00"}
    other = {"amount_kzt": "10.00", "local_kzt": "6.00", "republican_kzt": "4.00"}
    assert ConfirmForm.token(Summary.of(result | sums)) != ConfirmForm.token(Summary.of(result | other))
