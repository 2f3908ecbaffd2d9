"""Profile, password, language, organisation and the frame around every page."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from accounts import menus
from accounts.models import User
from tests import html
from tests.factories import MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db

PROFILE = "/profile/"


def browser_of(person: User) -> Client:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(person)
    return browser


def test_people_change_how_to_reach_them():
    person = UserFactory()
    browser = browser_of(person)
    page = browser.get(PROFILE)
    answer = html.submit(browser, page, "main form", phone="8 (701) 123-45-67", email="a@example.kz", follow=True)
    assert html.texts_of(answer, ".message--success")
    person.refresh_from_db()
    assert (person.phone, person.email) == ("+77011234567", "a@example.kz")


def test_a_number_that_a_register_gave_does_not_keep_people_from_changing_the_rest():
    person = UserFactory(phone="8 727 2500000")
    browser = browser_of(person)
    html.submit(browser, browser.get(PROFILE), "main form", email="a@example.kz", follow=True)
    person.refresh_from_db()
    assert (person.phone, person.email) == ("8 727 2500000", "a@example.kz")


@pytest.mark.parametrize(
    "wrong",
    [
        {"phone": "12345"},
        {"email": "nobody"},
        {"phone": "+7701123456x"},
        {"phone": "+79161234567"},
        {"phone": "8 (727) 250-00-00"},
    ],
)
def test_a_wrong_phone_or_address_is_told_and_what_was_typed_stays(wrong):
    browser = browser_of(UserFactory())
    answer = html.submit(browser, browser.get(PROFILE), "main form", **wrong)
    ((name, typed),) = wrong.items()
    assert html.element(answer, f"#id_{name}").get("value") == typed
    assert html.text_of(answer, f"#id_{name}_error")


def test_nobody_changes_his_name_or_iin_by_a_forged_field():
    person = UserFactory()
    browser = Client()
    browser.force_login(person)
    browser.post(PROFILE, {"language": "ru", "last_name": "Другой", "iin": "850630399010", "is_staff": "on"})
    again = User.objects.get(pk=person.pk)
    assert (again.last_name, again.iin, again.is_staff) == (person.last_name, person.iin, False)


def test_the_profile_shows_the_iin_masked():
    person = UserFactory(email="a@example.kz")
    page = browser_of(person).get(PROFILE)
    assert person.iin not in page.content.decode()


def test_a_new_password_needs_the_old_one():
    person = UserFactory()
    browser = browser_of(person)
    page = browser.get(reverse("accounts:password"))
    new = {"new_password1": "Жаңа-2026-құпия", "new_password2": "Жаңа-2026-құпия"}
    wrong = html.submit(browser, page, "main form", old_password="not-this-one", **new)
    assert html.text_of(wrong, "#id_old_password_error")
    html.submit(browser, page, "main form", old_password="factory-password", **new)
    person.refresh_from_db()
    assert person.check_password("Жаңа-2026-құпия")
    assert browser.get(PROFILE).status_code == 200  # this session stays


def test_the_language_is_kept_with_the_person_and_the_browser():
    person = UserFactory(language="ru")
    browser = browser_of(person)
    page = browser.get(f"{PROFILE}?a=1")
    answer = html.submit(browser, page, "form.language", language="kk")
    assert answer.url == f"{PROFILE}?a=1"
    assert answer.cookies["django_language"].value == "kk"
    person.refresh_from_db()
    assert person.language == "kk"
    assert html.element(browser.get(PROFILE), "html").get("lang") == "kk"


def test_a_visitor_chooses_a_language_too():
    browser = Client(enforce_csrf_checks=True)
    page = browser.get("/sign-in/", headers={"accept-language": "ru"})
    html.submit(browser, page, "form.language", language="kk")
    assert html.element(browser.get("/sign-in/"), "html").get("lang") == "kk"


@pytest.mark.parametrize("wish", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)", ""])
def test_the_language_switch_leads_only_back_to_us(wish):
    assert Client().post(reverse("accounts:language"), {"language": "kk", "next": wish}).url == "/"


def test_an_unknown_language_changes_nothing():
    person = UserFactory(language="ru")
    browser = Client()
    browser.force_login(person)
    browser.post(reverse("accounts:language"), {"language": "xx"})
    person.refresh_from_db()
    assert person.language == "ru"


def test_a_person_of_two_organisations_switches_between_them():
    person = UserFactory()
    first, second = MembershipFactory.create_batch(2, user=person)
    browser = browser_of(person)
    page = browser.get(PROFILE)
    assert first.organisation.name in html.text_of(page, ".switch summary")
    answer = html.submit(browser, page, ".switch form", organisation=second.organisation_id)
    assert answer.url == "/"
    assert second.organisation.name in html.text_of(browser.get(PROFILE), ".switch summary")


@pytest.mark.parametrize("wish", ["0", "x", ""])
def test_someone_elses_organisation_is_not_found(wish):
    browser = Client()
    browser.force_login(MembershipFactory().user)
    foreign = MembershipFactory().organisation_id
    assert browser.post(reverse("accounts:organisation"), {"organisation": wish or foreign}).status_code == 404


def test_the_frame_costs_two_queries(django_assert_num_queries):
    person = UserFactory(provider_director=True)
    browser = Client()
    browser.force_login(person)
    browser.get("/nowhere/")  # the session comes to the cache
    with django_assert_num_queries(2):  # the person, the memberships
        assert browser.get("/nowhere/").status_code == 404


def test_no_more_than_five_places_stand_in_the_row_of_a_phone(monkeypatch):
    monkeypatch.setattr(menus, "address_of", lambda name: f"/{name.replace(':', '/')}/")
    page = browser_of(UserFactory(department_head=True)).get(PROFILE)
    assert len(html.select(page, ".places li")) == 6
    assert len(html.select(page, ".phone-places > ul > li")) == 5
    assert len(html.select(page, ".phone-places__rest li")) == 2


def test_a_menu_marks_the_place_of_a_page_below_it(monkeypatch):
    addresses = {"school:home": "/school/", "school:acts": "/school/acts/"}
    monkeypatch.setattr(menus, "address_of", lambda name: addresses.get(name, ""))
    person = UserFactory(provider_director=True)
    current = [place["address"] for place in menus.menu_of(person, "/school/acts/7/") if place["is_current"]]
    assert current == ["/school/acts/"]
    assert [place["address"] for place in menus.menu_of(person, "/school/")] == ["/school/", "/school/acts/"]


def test_a_place_without_an_address_is_not_shown():
    assert menus.address_of("nothing:here") == ""


def test_a_director_sees_the_menu_of_parents_on_the_pages_of_the_family():
    person = UserFactory(provider_director=True)
    assert menus.area_of_page(person, "/family/7/") == "family"
    assert menus.area_of_page(person, "/profile/") == "school"


@pytest.mark.parametrize("language", ["ru", "kk"])
def test_an_error_page_speaks_both_languages_the_own_one_first(language):
    browser = browser_of(UserFactory(language=language))
    page = browser.get("/nowhere/")
    assert page.status_code == 404
    assert html.element(page, "html").get("lang") == language
    (other,) = html.select(page, "section[lang]")
    assert other.get("lang") == {"ru": "kk", "kk": "ru"}[language]
    assert page["X-Request-ID"] in html.text_of(page, ".plain-page")


def test_a_broken_form_is_explained_without_the_frame():
    browser = Client(enforce_csrf_checks=True)
    page = browser.post("/sign-in/", {"username": "1", "password": "2"})
    assert page.status_code == 403
    assert html.text_of(page, "h1")


def test_an_error_of_ours_reads_no_row(client, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr("accounts.views.SignInView.dispatch", lambda *_args, **_kwargs: 1 / 0)
    client.raise_request_exception = False
    with django_assert_num_queries(0):
        page = client.get("/sign-in/")
    assert page.status_code == 500
    assert page["X-Request-ID"] in html.text_of(page, ".plain-page")


def test_no_script_and_no_style_stands_in_the_page():
    page = browser_of(UserFactory(provider_director=True)).get(PROFILE)
    assert not html.select(page, "[style], style, script:not([src]), [onclick], [onchange]")
    nonces = {script.get("nonce") for script in html.select(page, "script")}
    assert len(nonces) == 1
    assert f"'nonce-{nonces.pop()}'" in page["Content-Security-Policy"]


def test_every_control_of_the_own_pages_has_a_label():
    browser = browser_of(UserFactory())
    for name in ("profile", "password", "set_up_code"):
        page = browser.get(reverse(f"accounts:{name}"))
        labelled = {label.get("for") for label in html.select(page, "label")}
        fields = html.select(page, "main input:not([type=hidden]), main select")
        assert fields
        assert {field.get("id") for field in fields} <= labelled


def test_roles_have_their_names_in_the_profile():
    person = UserFactory(auditor=True, language="ru")
    with override("ru"):
        shown = person.memberships_today[0].get_role_display()
    assert shown in html.text_of(browser_of(person).get(PROFILE), ".facts")
