"""Sign-in: the right and the wrong password, lockout, where each role goes, leaving, one-time codes."""

import pytest
from django.test import Client
from django.urls import reverse
from django_otp.oath import totp as totp_code
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.enums import Role
from tests import html
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

PASSWORD = "factory-password"
FORM = "main form"


@pytest.fixture
def visitor() -> Client:
    return Client(enforce_csrf_checks=True)


def sign_in(visitor: Client, iin: str, password: str = PASSWORD, query: str = ""):
    page = visitor.get(reverse("accounts:sign_in") + query)
    return html.submit(visitor, page, FORM, username=iin, password=password)


HOMES = {
    "provider_director": "/school/",
    "provider_clerk": "/school/",
    "department_officer": "/department/",
    "department_head": "/department/",
    "operator": "/operator/",
    "administrator": "/operator/",
    "commission_member": "/commission/",
    "auditor": "/department/",
    "": "/family/",
}


@pytest.mark.parametrize(("role", "home"), HOMES.items())
def test_each_role_comes_to_its_home(visitor, role, home):
    person = UserFactory(**({role: True} if role else {}))
    answer = sign_in(visitor, person.iin)
    assert answer.url == reverse("home")
    assert visitor.get(answer.url).url == home


def test_a_visitor_is_asked_to_sign_in_and_goes_on_to_where_he_wanted(visitor):
    person = UserFactory()
    answer = visitor.get(reverse("accounts:profile"))
    assert answer.url == f"{reverse('accounts:sign_in')}?next=/profile/"
    assert sign_in(visitor, person.iin, query="?next=/profile/").url == "/profile/"


def test_sign_in_does_not_send_to_another_site(visitor):
    person = UserFactory()
    assert sign_in(visitor, person.iin, query="?next=https://elsewhere.example/").url == "/"


@pytest.mark.parametrize("wrong", [{"password": "not-this-one"}, {"iin": "721231499014"}])
def test_a_wrong_password_and_an_unknown_iin_are_told_alike(visitor, wrong):
    UserFactory(iin="850630399010")
    answer = sign_in(visitor, **{"iin": "850630399010"} | wrong)
    assert answer.status_code == 200
    assert html.texts_of(answer, ".error-summary li") == [
        "ИИН или пароль введён неверно. Проверьте оба и попробуйте снова."
    ]


def test_a_misspelt_iin_is_told_at_its_field(visitor):
    answer = sign_in(visitor, "850630399011")
    assert html.element(answer, ".error-summary a").get("href") == "#id_username"
    assert html.element(answer, "#id_username").get("aria-describedby") == "id_username_error"
    assert html.text_of(answer, "#id_username_error")


def test_an_inactive_person_cannot_sign_in(visitor):
    person = UserFactory(is_active=False)
    assert sign_in(visitor, person.iin).status_code == 200


def test_too_many_failures_lock_the_sign_in_and_say_for_how_long(visitor, settings):
    settings.AXES_ENABLED = True
    settings.AXES_FAILURE_LIMIT = 3
    person = UserFactory()
    for _attempt in range(3):
        answer = sign_in(visitor, person.iin, "not-this-one")
    assert answer.status_code == 429
    assert "через 1 час" in html.text_of(answer, "main")
    assert sign_in(visitor, person.iin).status_code == 429
    assert sign_in(visitor, UserFactory().iin).status_code == 302  # nobody else is locked out


def test_one_leaves_by_a_form_and_not_by_a_link(visitor):
    person = UserFactory()
    sign_in(visitor, person.iin)
    page = visitor.get(reverse("accounts:profile"))
    assert visitor.get(reverse("accounts:sign_out")).status_code == 405
    assert html.submit(visitor, page, f"form[action='{reverse('accounts:sign_out')}']").url == "/sign-in/"
    assert visitor.get(reverse("accounts:profile")).status_code == 302


def now_code(device: TOTPDevice) -> str:
    return f"{totp_code(device.bin_key):06d}"


def test_a_role_that_needs_a_code_gets_no_page_before_it(visitor, settings):
    settings.REQUIRE_TOTP = [Role.OPERATOR]
    person = UserFactory(operator=True)
    sign_in(visitor, person.iin)
    assert visitor.get(reverse("accounts:profile")).url == reverse("accounts:code")
    assert visitor.get(reverse("accounts:code")).url == reverse("accounts:set_up_code")
    page = visitor.get(reverse("accounts:set_up_code"))
    device = TOTPDevice.objects.get(user=person)
    answer = html.submit(visitor, page, FORM, code=now_code(device), follow=True)
    assert html.text_of(answer, ".message--success") == "Вход с одноразовым кодом включён."


def test_who_has_set_up_a_code_is_asked_for_it_at_the_next_sign_in(visitor):
    person = UserFactory()
    device = TOTPDevice.objects.create(user=person, name="phone")
    sign_in(visitor, person.iin)
    assert visitor.get(reverse("accounts:profile")).url == reverse("accounts:code")
    assert visitor.get(reverse("accounts:set_up_code")).url == reverse("accounts:code")
    page = visitor.get(reverse("accounts:code"))
    wrong = html.submit(visitor, page, FORM, code="000000")
    assert html.text_of(wrong, "#id_code_error")
    device.refresh_from_db()
    device.throttle_reset()
    assert html.submit(visitor, page, FORM, code=now_code(device)).url == reverse("home")
    assert visitor.get(reverse("accounts:profile")).status_code == 200


def test_the_same_code_does_not_open_twice():
    person = UserFactory()
    device = TOTPDevice.objects.create(user=person, name="phone")
    code = now_code(device)
    for expected in (302, 200):
        twin = Client()
        twin.force_login(person)
        assert twin.post(reverse("accounts:code"), {"code": code}).status_code == expected


def test_the_demo_asks_nobody_for_a_code(visitor):
    person = UserFactory(operator=True)
    sign_in(visitor, person.iin)
    assert visitor.get(reverse("accounts:profile")).status_code == 200
