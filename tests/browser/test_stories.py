"""Work that passes from hand to hand, and people who have no mouse or no JavaScript."""

import pytest
from django.urls import reverse

from acts import closing_progress
from acts.enums import ActState, CloseStage
from acts.models import Act, MonthClose
from registry.models import Contract
from tests.browser.town import CHILDREN, PASSWORD
from voucher_portal.dates import Month
from voucher_portal.words import kzt

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
NOVEMBER = Month(2025, 11)


def test_the_director_submits_an_act_and_the_department_accepts_it(town, open_desk):
    act = town.drawn_up
    director, officer = open_desk(360), open_desk()

    director.sign_in(town.person("PROVIDER_DIRECTOR"))
    director.go("school:acts")
    director.page.click(f"text={act.number}")
    director.page.click("main .deadline a.btn-primary")
    assert kzt(act.amount_kzt) in director.text
    assert director.fits()
    director.page.click("main button[type=submit]")
    director.page.wait_for_url(f"**{act.get_absolute_url()}")
    assert "Акт отправлен" in director.page.inner_text("#messages")
    assert director.fits()

    officer.sign_in(town.person("DEPARTMENT_OFFICER"))
    officer.go("department:acts")
    officer.page.click(f"text={act.number}")
    officer.page.click("main .deadline a.btn-primary")
    assert act.provider.name in officer.text
    officer.page.click("main button[type=submit]")
    officer.page.wait_for_url(f"**{act.get_absolute_url()}")
    assert "Акт принят" in officer.page.inner_text("#messages")

    act.refresh_from_db()
    assert act.state == ActState.SIGNED


def test_the_department_looks_at_a_month_waits_for_it_and_closes_it(town, open_desk):
    desk = open_desk()
    desk.sign_in(town.person("DEPARTMENT_HEAD", "kk"))
    address = reverse("department:close_month", args=[town.issuer.code, "preschool", NOVEMBER])
    place = town.issuer, "preschool", NOVEMBER

    closing_progress.ask(*place, by="Сынақов Е.")
    closing_progress.tell(*place, next(iter(CloseStage)))
    desk.page.goto(desk.server + address)
    assert desk.page.locator("#stages li").count() > 2
    closing_progress.forget(*place)
    desk.page.wait_for_selector("form.confirm")  # the page asked, and showed by itself that nothing runs any more

    assert str(CHILDREN + 2) in desk.text
    desk.become_phone()
    assert desk.fits()
    assert desk.barriers() == []
    desk.page.click("form.confirm button[type=submit]")
    desk.page.wait_for_selector("#messages .message")
    assert desk.page.url == desk.server + address
    assert desk.page.locator("form.confirm").count() == 0
    assert desk.fits()

    close = MonthClose.objects.get(issuer=town.issuer, month=NOVEMBER.first)
    assert close.finished_at
    assert close.charges.count() == CHILDREN + 2
    assert Act.objects.filter(close=close, documents__language="kk").count() == 2


def test_signing_in_needs_no_mouse(town, open_desk):
    desk = open_desk()
    person = town.person("PROVIDER_CLERK")
    desk.go("accounts:sign_in")
    keyboard = desk.page.keyboard
    assert desk.focused == "username"
    keyboard.type(person.iin)
    keyboard.press("Tab")
    assert desk.focused == "password"
    keyboard.type(PASSWORD)
    keyboard.press("Enter")
    desk.page.wait_for_url("**/school/")
    keyboard.press("Tab")
    assert desk.page.evaluate("document.activeElement.className") == "to-content"
    keyboard.press("Enter")
    desk.page.wait_for_url("**#content")
    keyboard.press("Tab")
    assert desk.page.evaluate("document.querySelector('main').contains(document.activeElement)")
    assert desk.shows_focus()


def test_a_wrong_password_is_told_beside_the_form(town, open_desk):
    desk = open_desk(360)
    person = town.person("PROVIDER_CLERK")
    desk.go("accounts:sign_in")
    desk.page.fill("input[name=username]", person.iin)
    desk.page.fill("input[name=password]", "not-mine")
    desk.page.click("main button[type=submit]")
    desk.page.wait_for_selector("[role=alert]")
    assert "sign-in" in desk.page.url
    assert desk.fits()
    assert desk.barriers() == []


def test_the_check_for_barriers_sees_one(town, open_desk):
    desk = open_desk()
    desk.go("accounts:sign_in")
    desk.page.evaluate("document.querySelector('main').append(document.createElement('img'))")
    assert [barrier for barrier in desk.barriers() if barrier.startswith("image-alt")]


def test_lists_are_filtered_sorted_and_paged_without_javascript(town, open_desk):
    desk = open_desk(java_script_enabled=False)
    desk.sign_in(town.person("PROVIDER_DIRECTOR"))
    desk.go("school:contingent")
    rows = desk.page.locator("#list tbody tr")
    first_page = rows.all_inner_texts()
    desk.page.click("a[rel=next]")
    second_page = rows.all_inner_texts()
    assert len(first_page) + len(second_page) == CHILDREN
    assert not set(first_page) & set(second_page)

    child = Contract.objects.filter(provider=town.waiting_one).last().child
    desk.page.fill("form.filter-bar input[name=search]", child.iin)
    desk.page.click("form.filter-bar button[type=submit]")
    assert rows.count() == 1
    assert child.last_name in rows.inner_text()
    desk.page.click("text=Сбросить фильтры")
    assert rows.count() == len(first_page)


def test_a_filter_applies_by_itself_with_javascript(town, open_desk):
    desk = open_desk()
    desk.sign_in(town.person("DEPARTMENT_OFFICER"))
    desk.go("department:acts")
    desk.page.select_option("form.filter-bar select[name=state]", ActState.SIGNED)
    desk.page.wait_for_url("**state=*")
    assert town.accepted.number in desk.text
    assert "search=" not in desk.page.url
