"""Every role signs in, finds its work on its home, walks through its menu, changes the language, takes its phone."""

import pytest
from playwright.sync_api import Page

from acts.models import Act
from registry.models import Contract
from tests.browser.desk import Desk
from tests.browser.town import Town
from voucher_portal.words import kzt, number

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

# Role -> first segment of the home, its heading in Russian and in Kazakh.
HOMES = {
    "PROVIDER_DIRECTOR": ("/school/", "Обзор · ", "Шолу · "),
    "PROVIDER_CLERK": ("/school/", "Обзор · ", "Шолу · "),
    "GUARDIAN": ("/family/", "Мои дети", "Балаларым"),
    "DEPARTMENT_OFFICER": ("/department/", "Ноябрь 2025", "2025\N{NO-BREAK SPACE}ж. қараша"),
    "DEPARTMENT_HEAD": ("/department/", "Ноябрь 2025", "2025\N{NO-BREAK SPACE}ж. қараша"),
    "OPERATOR": ("/operator/", "Платёжные поручения", "Төлем тапсырмалары"),
    "COMMISSION_MEMBER": ("/commission/", "Организации с признаками риска", "Тәуекел белгілері бар ұйымдар"),
}


def expected_on_home(town: Town, role: str, person) -> list[str]:
    """Facts of the region that the home of the role must show."""
    return {
        "PROVIDER": [town.drawn_up.number, kzt(town.drawn_up.amount_kzt)],
        "GUARDIAN": [contract.child.first_name for contract in Contract.objects.filter(guardian=person)],
        "DEPARTMENT": [number(1)],
        "OPERATOR": [kzt(town.accepted.local_kzt), kzt(town.accepted.republican_kzt)],
        "COMMISSION": [town.issuer.organisation.name, town.waiting_one.name],
    }[role.split("_")[0]]


@pytest.mark.parametrize("role", HOMES)
def test_a_day_of(role, town, open_desk):
    desk: Desk = open_desk()
    person = town.person(role)
    home, russian, kazakh = HOMES[role]

    desk.sign_in(person)
    assert desk.page.url == desk.server + home
    assert russian in desk.h1
    missing = [fact for fact in expected_on_home(town, role, person) if fact not in desk.text]
    assert missing == []
    assert desk.barriers() == []

    walk_through_menu(desk, "ru")
    choose_kazakh(desk, home)
    assert kazakh in desk.h1
    person.refresh_from_db()
    assert person.language == "kk"

    desk.become_phone()
    walk_through_menu(desk, "kk")
    assert desk.barriers() == []


@pytest.mark.parametrize("role", ["PROVIDER_DIRECTOR", "GUARDIAN", "DEPARTMENT_OFFICER", "OPERATOR"])
def test_pages_below_the_menu_fit_a_phone_and_hinder_nobody(role, town, open_desk):
    desk: Desk = open_desk(360)
    desk.sign_in(town.person(role, "ru" if role == "GUARDIAN" else "kk"))
    hindered = {}
    for url_name, *arguments in pages_below_the_menu(town, role):
        assert desk.go(url_name, *arguments).status == 200
        assert desk.fits(), f"{url_name} is wider than the screen"
        hindered[url_name] = desk.barriers()
    assert {url_name: found for url_name, found in hindered.items() if found} == {}


def pages_below_the_menu(town: Town, role: str) -> list[tuple]:
    """Cards, sheets, acts and orders with their arguments."""
    own = [("accounts:profile",), ("accounts:password",), ("accounts:set_up_code",)]
    return {
        "PROVIDER_DIRECTOR": lambda: own + pages_of_act(town.drawn_up) + pages_of_provider(town),
        "GUARDIAN": lambda: own + [("family:voucher", town.accepted.charges.order_by("pk").first().voucher.public_id)],
        "DEPARTMENT_OFFICER": lambda: pages_of_act(town.drawn_up) + pages_of_department(town),
        "OPERATOR": lambda: pages_of_act(town.accepted) + pages_of_operator(town),
    }[role]()


def pages_of_act(act: Act) -> list[tuple]:
    return [("acts:detail", act.public_id), ("acts:line", act.public_id, act.charges.first().pk)]


def pages_of_provider(town: Town) -> list[tuple]:
    contract = town.drawn_up.charges.first().contract
    return [
        ("acts:submit", town.drawn_up.public_id),
        ("school:child", contract.child_id),
        ("school:sheet", contract.pk, "2025-10"),
    ]


def pages_of_department(town: Town) -> list[tuple]:
    month = town.issuer.code, "preschool", "2025-10"
    return [
        ("acts:accept", town.drawn_up.public_id),
        ("acts:return", town.drawn_up.public_id),
        ("department:provider", town.waiting_one.pk),
        ("department:aside",),
        ("department:aside_item", town.aside.pk),
        ("department:close_month", *month),
        ("department:close_corrections", *month),
        ("department:close_not_charged", *month),
    ]


def pages_of_operator(town: Town) -> list[tuple]:
    return [
        ("operator:order", town.accepted.orders.first().public_id),
        ("operator:send",),
        ("operator:feed", town.waiting_one.lms.code),
        ("operator:aside_item", town.aside.pk),
    ]


def walk_through_menu(desk: Desk, language: str) -> None:
    """Every place answers, has one heading, speaks the language and fits the screen; ends at the first place."""
    places = desk.places()
    assert places
    for place in [*places[1:], places[0]]:
        assert desk.page.goto(desk.server + place).status == 200
        assert desk.page.locator("h1").count() == 1
        assert desk.h1
        assert desk.language == language
        assert desk.page.locator(".places a[aria-current=page]").get_attribute("href") == place
        assert desk.fits(), f"{place} is wider than the screen"


def choose_kazakh(desk: Desk, home: str) -> None:
    """The switch keeps the page."""
    page: Page = desk.page
    page.click("form.language button[lang=kk]")
    page.wait_for_selector("html[lang=kk]")
    assert page.url == desk.server + home
