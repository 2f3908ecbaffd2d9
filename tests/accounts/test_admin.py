"""The reference admin: who comes in, by which door, under which browser policy."""

import pytest
from django.urls import reverse

from tests import html
from tests.factories import MembershipFactory, OrganisationFactory, ReadLogFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def chief(client):
    client.force_login(UserFactory(superuser=True))
    return client


def test_a_visitor_comes_through_the_one_sign_in_page_to_where_he_wanted(client):
    chief = UserFactory(superuser=True)
    wanted = reverse("admin:accounts_user_changelist")
    page = client.get(wanted, follow=True)
    assert page.request["PATH_INFO"] == reverse("accounts:sign_in")
    answer = html.submit(client, page, "main form", username=chief.iin, password="factory-password", follow=True)
    assert (answer.request["PATH_INFO"], answer.status_code) == (wanted, 200)


def test_its_own_sign_in_page_is_not_used(chief):
    assert chief.get(reverse("admin:login")).url == reverse("admin:index")


def test_who_has_no_right_to_it_is_told_so(client):
    client.force_login(UserFactory(provider_director=True))
    assert client.get(reverse("admin:index"), follow=True).status_code == 403


@pytest.mark.parametrize("model", ["organisation", "user", "readlog"])
def test_its_lists_open(chief, model):
    MembershipFactory()
    ReadLogFactory()
    assert chief.get(reverse(f"admin:accounts_{model}_changelist")).status_code == 200


def test_its_looser_policy_holds_on_its_pages_only(chief):
    assert "unsafe-eval" in chief.get(reverse("admin:index"))["Content-Security-Policy"]
    assert "unsafe" not in chief.get("/profile/")["Content-Security-Policy"]


def test_lists_show_no_whole_iin(chief):
    person = UserFactory()
    page = chief.get(reverse("admin:accounts_user_changelist"))
    assert person.iin not in html.text_of(page, "body")


def test_the_kind_of_an_organisation_is_fixed(chief):
    page = chief.get(reverse("admin:accounts_organisation_change", args=[OrganisationFactory().pk]))
    assert not html.select(page, "[name=kind]")


@pytest.mark.parametrize("action", ["add", "change", "delete"])
def test_the_record_of_readings_is_only_read(chief, action):
    reading = ReadLogFactory()
    args = [] if action == "add" else [reading.pk]
    answer = chief.post(reverse(f"admin:accounts_readlog_{action}", args=args), {"object_id": "2", "post": "yes"})
    assert answer.status_code == 403
